"""The one error of downloads: what happened, in either language, and how to do without."""

from __future__ import annotations

from collections.abc import Mapping

from socaccess.errors import SocAccessError
from socaccess.i18n import Texts

__all__ = ["DownloadError", "show_foreign"]

SHOWN_LETTERS = 120


class DownloadError(SocAccessError, OSError):
    """A file that could not be fetched; what the cache held before is still there.

    Parameters
    ----------
    reason
        What happened: a key of the catalogue, without its `data.error_`.
    values
        What the text tells: host, seconds, status.
    by_hand
        `page`, `file` and `folder`: where a person finds the file and where it goes.

    Examples
    --------
    >>> error = DownloadError("status", {"host": "example.org", "status": 404})
    >>> print(error)
    example.org answered 404: it has no such file, or does not give it
    """

    def __init__(
        self,
        reason: str,
        values: Mapping[str, object] | None = None,
        by_hand: Mapping[str, str] | None = None,
    ) -> None:
        self.reason = reason
        self.values = dict(values or {})
        self.by_hand = dict(by_hand or {})
        super().__init__(self.tell("en"))

    def tell(self, lang: str) -> str:
        """Return the line in one language."""
        texts = Texts(lang)
        line = texts(f"data.error_{self.reason}", **self.values)
        return f"{line}; {texts('data.by_hand', **self.by_hand)}" if self.by_hand else line

    def with_advice(self, by_hand: Mapping[str, str]) -> DownloadError:
        """Return the same error that also tells how to place the file by hand."""
        return DownloadError(self.reason, self.values, by_hand)

    def __reduce__(self) -> tuple[type, tuple[str, dict[str, object], dict[str, str]]]:
        return type(self), (self.reason, self.values, self.by_hand)


def show_foreign(text: object) -> str:
    """Return what a server said as one short printable line.

    Examples
    --------
    >>> show_foreign("a" + chr(27) + "[2J")
    'a?[2J'
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return line if len(line) <= SHOWN_LETTERS else line[: SHOWN_LETTERS - 3] + "..."
