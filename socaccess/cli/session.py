"""One call of a command: its language, JSON, the folder it writes into, tables on the screen."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import typer

from socaccess.cli.bars import Bars
from socaccess.cli.codepages import is_unicode
from socaccess.i18n import Texts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Session", "as_objects"]

Source: TypeAlias = str | tuple[str, str] | Callable[[dict[str, Any]], Any]

PIPED_COLUMNS = 140


@dataclass(frozen=True)
class Session:
    """One call of a command: how to speak, what to print, where to write."""

    lang: str
    as_json: bool
    out: Path | None
    excel: bool
    bars: Bars = field(default_factory=Bars, compare=False, repr=False)

    @cached_property
    def texts(self) -> Texts:
        """The words of the language."""
        return Texts(self.lang)

    @cached_property
    def _console(self) -> Any:
        from rich.console import Console

        class Patient(Console):
            def on_broken_pipe(self) -> None:
                # Who read has gone (`socaccess run ... | head`); files are made all the same.
                with contextlib.suppress(SystemExit):
                    super().on_broken_pipe()

        # Names are text: what looks like markup in one stays as it is. Wide where nobody watches.
        width = None if sys.stdout.isatty() else PIPED_COLUMNS
        return Patient(width=width, markup=False, highlight=False, emoji=False)

    def print(self, text: str, style: str | None = None) -> None:
        """Print one line of an answer for people; nothing where JSON is asked."""
        if self.as_json:
            return
        self.bars.take_away()
        self._console.print(text, style=style, soft_wrap=not self._console.is_terminal)

    def say(self, key: str, **values: object) -> None:
        """Print a sentence of the catalogue."""
        self.print(self.texts(key, **values))

    def note(self, key: str, n: float | None = None, /, **values: object) -> None:
        """Print a sentence of the catalogue as a remark under an answer."""
        texts = self.texts
        self.print(f"- {texts(key, **values) if n is None else texts.count(key, n, **values)}")

    def word(self, family: str, code: object) -> str:
        """Return the word for a code of a family of keys (`socaccess.i18n.FAMILIES`)."""
        return self.texts(f"{family}{code}")

    def remark(self, text: str) -> None:
        """Print a line to the user that is no part of the answer."""
        self.bars.take_away()
        typer.echo(text, err=True)

    def show(self, *blocks: Any, title: str = "") -> None:
        """Print content (`socaccess.content`): a whole document, or its blocks."""
        from socaccess.content import Document
        from socaccess.documents.terminal import print_document

        for block in () if self.as_json else blocks:
            whole = isinstance(block, Document)
            page = block if whole else Document(self.lang, title, (block,))
            self.bars.take_away()
            print_document(page, self._console)

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table of texts: columns of numbers to the right."""
        from socaccess.content import Column, Table

        columns = tuple(
            Column(name, "number" if rows and all(_is_number(r[at]) for r in rows) else "text")
            for at, name in enumerate(header)
        )
        self.show(Table(columns, rows), title=title)

    def frame(self, title: str, frame: pd.DataFrame, columns: Mapping[str, Source]) -> None:
        """Print a frame as a table.

        Parameters
        ----------
        title
            Stands above it.
        columns
            By the key of its heading what stands in a column: the name of a column of the
            frame, a family of keys and the column of its codes, or a function of the row.
        """
        rows = [] if self.as_json else as_objects(frame).to_dict("records")
        cells = [[self.cell(_take(source, row)) for source in columns.values()] for row in rows]
        self.table(title, [self.texts(key) for key in columns], cells)

    def cell(self, value: Any, decimals: int = 1) -> str:
        """Return a value as text: a mark as it is, a number in the language, a dash for none.

        From ten on numbers are whole: minutes and persons are not known more exactly.
        """
        from socaccess.content import Phrase, Rendering, Share

        if isinstance(value, str):
            return value
        if isinstance(value, Share):
            return self.texts.share(value.value)
        if isinstance(value, Phrase):
            return Rendering(self.texts).plain(value)
        if value is None or value != value:
            return "–"
        if isinstance(value, Decimal):
            return self.texts.number(float(value), decimals=2)
        number = float(value)
        whole = abs(number) >= 10 or round(number, decimals).is_integer()
        return self.texts.number(number, decimals=0 if whole else decimals)

    def print_json(self, answer: Any) -> None:
        """Print an answer as JSON where it is asked."""
        from socaccess.encoding import encode_json

        if self.as_json:
            self.bars.take_away()
            # Where a code page lacks a sign, JSON has a way of its own to write it.
            typer.echo(encode_json(answer, ascii_only=not is_unicode(sys.stdout)))

    def finish(
        self,
        answer: Any,
        tables: Mapping[str, Any] | None = None,
        pages: Mapping[str, Any] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """Print the answer as JSON if asked; write its tables and pages, all or none, if asked.

        Parameters
        ----------
        answer
            What is printed as JSON.
        tables
            Frames by the name of their file.
        pages
            Documents by the name of their file; each is written as Markdown, PDF and DOCX,
            so that it can be attached.
        texts
            Further files, by their whole name.
        """
        from socaccess.encoding import encode_csv
        from socaccess.files import write_files

        self.print_json(answer)
        if self.out is None:
            return
        files = {
            f"{name}.csv": encode_csv(table, excel=self.excel)
            for name, table in (tables or {}).items()
        }
        files |= {name: text.encode("utf-8") for name, text in (texts or {}).items()}
        for name, page in (pages or {}).items():
            from socaccess.documents.markdown import render_markdown
            from socaccess.documents.paper import render_pdf
            from socaccess.documents.word import render_docx

            files[f"{name}.md"] = render_markdown(page).encode("utf-8")
            files[f"{name}.pdf"], files[f"{name}.docx"] = render_pdf(page), render_docx(page)
        for path in write_files(self.out, files):
            self.wrote(path)

    def wrote(self, path: Path) -> None:
        """Say that a file was written."""
        self.remark(self.texts("cli.wrote", path=path))

    def step(self, step: str, done: int = 0, total: int = 0) -> None:
        """Say how far a step of the work is, while a person is watching (`cli.step_*`)."""
        self.bars.grow(step, self.texts(f"cli.step_{step}"), done, total)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[..., None]]:
        """Give `step`; when the work is done its bars are gone."""
        try:
            yield self.step
        finally:
            self.bars.take_away()


def as_objects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose missing values are all None."""
    return frame.astype(object).where(frame.notna(), None)


def _take(source: Source, row: dict[str, Any]) -> Any:
    from socaccess.content import Phrase

    if callable(source):
        return source(row)
    if isinstance(source, tuple):
        return Phrase(f"{source[0]}{row[source[1]]}")
    return row[source]


def _is_number(cell: str) -> bool:
    return not cell or cell[0] in "0123456789–<>-+≥…"
