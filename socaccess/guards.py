r"""What comes from outside and what leaves: sizes, archives, texts that are more than text.

Readers ask here before they open anything; writers of what a spreadsheet may open pass their
texts through `guard_text`. `docs/security.md` tells what is defended and how it is tested.

The rule of CSV files: a text that begins with one of `= + - @`, an apostrophe, a tab or a line
end stands behind one apostrophe more, so that no spreadsheet takes it for a formula. Numbers stay
numbers. Reading drops that apostrophe again (`unguard_text`).
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Final

from socaccess.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "FORMULA_SIGNS",
    "ReadLimits",
    "check_file",
    "check_member_name",
    "check_size",
    "check_workbook",
    "find_control_signs",
    "guard_frame",
    "guard_text",
    "unguard_text",
    "watch_xml",
]

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "'", "\t", "\r", "\n")
"""A spreadsheet takes a text that begins so for a formula (the apostrophe: for a mark of text)."""

_CONTROL_SIGNS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_CHUNK = 1 << 16
_DEEPEST = 64
"""Elements inside each other that no sheet has."""


@dataclass(frozen=True)
class ReadLimits:
    """How much of a file from outside is read; beyond it, it is refused.

    Parameters
    ----------
    max_bytes
        Largest file.
    max_unpacked_bytes
        Largest content of an archive (a workbook is one).
    max_members
        Most files in an archive.
    max_rows, max_columns, max_cells
        Most rows, columns and cells of a table; blank ones between others count.
    max_text
        Longest text of a cell; what is longer is no name, address or note.

    Examples
    --------
    >>> ReadLimits(max_rows=10).max_rows
    10
    """

    max_bytes: int = 500_000_000
    max_unpacked_bytes: int = 500_000_000
    max_members: int = 1_000
    max_rows: int = 2_000_000
    max_columns: int = 1_000
    max_cells: int = 20_000_000
    max_text: int = 32_000


def check_file(path: Path, limits: ReadLimits | None = None) -> None:
    """Raise `InputError` unless there is a file of a size that can be read.

    Devices, pipes and folders are no files, whatever they are called.
    """
    limits = limits or ReadLimits()
    try:
        there, is_file = path.exists(), path.is_file()
        size = path.stat().st_size if is_file else 0
    except (OSError, ValueError):
        raise InputError("guards.cannot_open", where=str(path)) from None
    if not there:
        raise InputError("guards.no_file", where=path)
    if not is_file:
        raise InputError("guards.not_a_file", where=path)
    if size == 0:
        raise InputError("guards.empty", where=path.name)
    if size > limits.max_bytes:
        raise InputError("guards.too_large", where=path.name, megabytes=limits.max_bytes // 10**6)


def check_size(where: str, rows: int, columns: int, limits: ReadLimits | None = None) -> None:
    """Raise `InputError` for a table of more rows, columns or cells than are read.

    Examples
    --------
    >>> check_size("a.csv", 10, 5)
    >>> check_size("a.csv", 10, 300_000)
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: a.csv: the table has more than 1000 columns
    """
    limits = limits or ReadLimits()
    if rows > limits.max_rows:
        raise InputError("sources.too_many_rows", where=where, most=limits.max_rows)
    if columns > limits.max_columns:
        raise InputError("guards.too_many_columns", where=where, most=limits.max_columns)
    if rows * columns > limits.max_cells:
        raise InputError("guards.too_many_cells", where=where, most=limits.max_cells)


def check_member_name(name: str) -> None:
    """Raise `InputError` for a member of an archive that would lie outside its folder.

    Examples
    --------
    >>> check_member_name("xl/workbook.xml")
    >>> check_member_name("../evil.csv")
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: the archive holds '../evil.csv', which lies outside its folder
    """
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in name or "\x00" in name:
        raise InputError("guards.outside_folder", name=name[:80])


def check_workbook(path: Path, limits: ReadLimits | None = None) -> None:
    """Raise `InputError` for a workbook no parser should be given.

    Looked at before it is parsed: how many parts there are and what they unpack to (counted, not
    believed), their names, and in each XML part definitions of entities and elements nested
    deeper than any sheet's.
    """
    limits = limits or ReadLimits()
    check_file(path, limits)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > limits.max_members:
                raise InputError("guards.too_many_parts", where=path.name, most=limits.max_members)
            left = limits.max_unpacked_bytes
            for member in members:
                check_member_name(member.filename)
                with archive.open(member) as part:
                    left = _check_part(path, member.filename, part, left, limits)
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError,
            NotImplementedError):  # fmt: skip
        raise InputError("guards.not_a_workbook", where=path.name) from None


def _check_part(path: Path, name: str, part: IO[bytes], left: int, limits: ReadLimits) -> int:
    """Read a part to its end, at most `left` bytes; return how many bytes are left."""
    from xml.parsers import expat

    watch, sheet = None, _Extent()
    if name.lower().endswith((".xml", ".rels")):
        watch = watch_xml(path.name, sheet.see if "worksheets/" in name else None)
    try:
        while block := part.read(_CHUNK):
            left -= len(block)
            if left < 0:
                raise InputError("guards.unpacks_large", where=path.name)
            if watch is not None:
                watch.Parse(block, False)
        if watch is not None:
            watch.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("guards.not_a_workbook", where=path.name) from None
    check_size(path.name, sheet.rows, sheet.columns, limits)
    return left


class _Extent:
    """How far the cells of a sheet reach: a reader makes every blank one before the last."""

    def __init__(self) -> None:
        self.rows = self.columns = 0

    def see(self, name: str, attributes: Mapping[str, str]) -> None:
        """Look at one element: rows and cells say where they stand."""
        if name == "row":
            self.rows = max(self.rows + 1, int(attributes.get("r", 0)))
        elif name == "c":
            letters = attributes.get("r", "").rstrip("0123456789").upper()
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - ord("A") + 1
            self.columns = max(self.columns, column)


def watch_xml(where: str, see: Callable[[str, Mapping[str, str]], object] | None = None) -> Any:
    """Return a parser that refuses entities and elements nested too deep, and keeps nothing.

    Parameters
    ----------
    where
        Name of the file in errors.
    see
        Is given each element's name and attributes.
    """
    from xml.parsers import expat

    depth = 0

    def enter(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise InputError("guards.nested_deep", where=where)
        if see is not None:
            see(name, attributes)

    def leave(*_: object) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> None:
        raise InputError("guards.entities", where=where)

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    return parser


def find_control_signs(text: str) -> bool:
    r"""Return whether a text holds signs that no file of text may: NUL, escape, and the like.

    Tabs and line ends are none of them.

    Examples
    --------
    >>> find_control_signs("Dagda\x00"), find_control_signs("Dagda\nLatgale")
    (True, False)
    """
    return _CONTROL_SIGNS.search(text) is not None


def guard_text(text: str) -> str:
    """Return a text as it stands in a CSV file.

    Examples
    --------
    >>> guard_text("=1+1"), guard_text("'tis"), guard_text("Dagda -")
    ("'=1+1", "''tis", 'Dagda -')
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def unguard_text(text: str) -> str:
    """Return the text that `guard_text` was given.

    Examples
    --------
    >>> unguard_text("'=1+1"), unguard_text("''tis"), unguard_text("'tis")
    ('=1+1', "'tis", "'tis")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_SIGNS) else text


def guard_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose texts, categories and headings are guarded; numbers stay as they are.

    Examples
    --------
    >>> import pandas as pd
    >>> guard_frame(pd.DataFrame({"name": ["=A1", "A"], "change": [-5, 3]})).values.tolist()
    [["'=A1", -5], ['A', 3]]
    """
    import pandas as pd

    def guard(value: object) -> object:
        return guard_text(value) if isinstance(value, str) else value

    guarded = {}
    for name in frame.columns:
        values = frame[name]
        plain = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(
            values
        )
        if not plain:
            values = values.astype(object).map(guard)
        guarded[guard(name)] = values
    return pd.DataFrame(guarded, index=frame.index)
