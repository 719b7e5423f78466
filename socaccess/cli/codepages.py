"""Consoles that do not know all our letters: what they lack is written with what they have."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata

__all__ = ["is_unicode", "write_plainly"]

NAME = "socaccess.plain"

_PLAIN = {"≥": ">=", "≤": "<=", "≈": "~", "–": "-", "—": "-", "−": "-", "…": "...", "„": '"',
          "”": '"', "“": '"', "’": "'", "·": "-", "×": "x", "€": "EUR", "→": "->", "●": "*",
          "○": "o", "\u00a0": " ", "\u202f": " "}  # fmt: skip


def write_plainly() -> None:
    """Let standard output and errors write what their code page lacks with other signs.

    A mark such as `≥5` would end the command otherwise, or be a question mark.
    """
    codecs.register_error(NAME, _spell)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not is_unicode(stream):
            stream.reconfigure(errors=NAME)


def is_unicode(stream: object) -> bool:
    """Return whether a stream can write every sign."""
    encoding = getattr(stream, "encoding", None)
    return encoding is None or str(encoding).lower().startswith("utf")


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that a code page lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(map(_spell_sign, lost)), error.end


def _spell_sign(sign: str) -> str:
    plain = _PLAIN.get(sign) or unicodedata.normalize("NFKD", sign)
    found = "".join(one for one in plain if one.isascii())
    return found or "?"
