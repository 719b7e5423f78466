"""What every command has: language, JSON, a folder to write into, a study, tables on the screen.

A command says that it wants them by its first parameters: `session: Session`, and
`asked: StudyOptions` where it is about a study. `App.command` gives it the options.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from socaccess.cli.speech import Misuse, SpeakingApp
from socaccess.cli.values import parse_limits
from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts

if TYPE_CHECKING:
    import pandas as pd

    from socaccess.errors import Problem
    from socaccess.study import Study

__all__ = [
    "EXIT_NO",
    "EXIT_WRONG",
    "App",
    "Form",
    "Language",
    "Mode",
    "Region",
    "Scenario",
    "Session",
    "SmallCounts",
    "StudyOptions",
    "ViewName",
    "as_objects",
    "find_area",
    "is_project",
    "open_client",
]

Source: TypeAlias = str | tuple[str, str] | Callable[[dict[str, Any]], Any]

EXIT_WRONG, EXIT_NO = 1, 3
PIPED_COLUMNS = 140


class Language(StrEnum):
    """Languages of what people read."""

    lv = "lv"
    en = "en"


class ViewName(StrEnum):
    """Municipalities as the DI plan knew them, or as today."""

    plan = "plan"
    today = "today"


class Mode(StrEnum):
    """How clients travel: by car, by timetable and on foot, or both beside each other."""

    car = "car"
    transit = "transit"
    both = "both"


class Form(StrEnum):
    """The short form of a document, or everything."""

    short = "short"
    full = "full"


class Scenario(StrEnum):
    """The facilities that operate, or those with the planned ones."""

    now = "now"
    planned = "planned"


Region = Annotated[str, typer.Argument()]
SmallCounts = Annotated[bool, typer.Option("--show-small-counts")]

_SESSION = {
    "out": (Annotated[Path | None, typer.Option("--out")], None),
    "excel": (Annotated[bool, typer.Option("--excel")], False),
    "lang": (Annotated[Language, typer.Option("--lang")], Language.lv),
    "as_json": (Annotated[bool, typer.Option("--json")], False),
    "debug": (Annotated[bool, typer.Option("--debug")], False),
}
_STUDY = {
    "view": (Annotated[ViewName, typer.Option("--view")], ViewName.today),
    "limit": (Annotated[list[str] | None, typer.Option("--limit")], None),
    "settings": (Annotated[Path | None, typer.Option("--settings")], None),
    "network": (Annotated[Path | None, typer.Option("--network")], None),
    "project": (Annotated[Path | None, typer.Option("--project")], None),
    "partners_only": (Annotated[bool, typer.Option("--partners-only")], False),
    "mode": (Annotated[Mode | None, typer.Option("--mode")], None),
    "feed": (Annotated[list[Path] | None, typer.Option("--feed")], None),
    "visit": (Annotated[list[str] | None, typer.Option("--visit")], None),
}
# What a project file says itself, and where it says it.
_IN_FILE = {
    "settings": "[settings]",
    "view": "inputs.municipalities",
    "partners_only": "[settings] partners_only",
}


@dataclass(frozen=True)
class Session:
    """One call of a command: how to speak, what to print, where to write."""

    lang: str
    as_json: bool
    out: Path | None
    excel: bool

    @cached_property
    def texts(self) -> Texts:
        """The words of the language."""
        return Texts(self.lang)

    @cached_property
    def _console(self) -> Any:
        from rich.console import Console

        # Names are text: what looks like markup in one stays as it is. Wide where nobody watches.
        width = None if sys.stdout.isatty() else PIPED_COLUMNS
        return Console(width=width, markup=False, highlight=False, emoji=False)

    def print(self, text: str, style: str | None = None) -> None:
        """Print one line of an answer for people; nothing where JSON is asked."""
        if not self.as_json:
            self._console.print(text, style=style, soft_wrap=True)

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
        typer.echo(text, err=True)

    def show(self, *blocks: Any, title: str = "") -> None:
        """Print content (`socaccess.content`): a whole document, or its blocks."""
        from socaccess.content import Document
        from socaccess.documents.terminal import print_document

        for block in () if self.as_json else blocks:
            whole = isinstance(block, Document)
            print_document(block if whole else Document(self.lang, title, (block,)), self._console)

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
        """Return a value as text: a mark as it is, a number in the language, a dash for none."""
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
        whole = round(float(value), decimals).is_integer()
        return self.texts.number(float(value), decimals=0 if whole else decimals)

    def print_json(self, answer: Any) -> None:
        """Print an answer as JSON where it is asked."""
        from socaccess.encoding import encode_json

        if self.as_json:
            typer.echo(encode_json(answer))

    def finish(
        self,
        answer: Any,
        tables: Mapping[str, Any] | None = None,
        pages: Mapping[str, Any] | None = None,
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

    @contextmanager
    def progress(self) -> Iterator[Callable[..., None]]:
        """Give a callback `(step, done, total)` that draws while a person is watching."""
        if not sys.stderr.isatty():
            yield lambda *_: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            tasks: dict[str, Any] = {}

            def draw(step: str, done: int = 0, total: int = 0) -> None:
                if step not in tasks:
                    tasks[step] = bar.add_task(self.texts(f"cli.step_{step}"), total=None)
                bar.update(tasks[step], completed=done, total=total or None)

            yield draw


@dataclass(frozen=True)
class StudyOptions:
    """Which study is meant: borders, limits, settings, roads, or a project file's own."""

    session: Session
    view: str
    limits: dict[str, float]
    settings: Path | None
    network: Path | None
    project: Path | None
    partners_only: bool
    mode: str | None
    feeds: tuple[Path, ...]
    visit: tuple[str, ...]
    given: frozenset[str]

    def open(self, region: str, *, network: Any = None) -> Study:
        """Return the study of a region that ships with the project, or of a project file.

        Parameters
        ----------
        region
            `latgale` and so on, `latvia`, or the path of a project file.
        network
            A network that is open already.
        """
        from socaccess.settings import Settings
        from socaccess.sources.services import load_service_types
        from socaccess.study import Study
        from socaccess.study.project import read_project

        named = network or self.open_network()
        if is_project(region) or self.project:
            for name in sorted(set(_IN_FILE) & self.given):
                flag = f"--{name.replace('_', '-')}"
                raise Misuse("cli.said_in_project", flag, place=_IN_FILE[name])
            project = read_project(str(self.project or region))
            silent = named is None and not project.roads
            study, notes = self._take_kept(project.load_study) if silent else (
                project.load_study(named)
            )  # fmt: skip
            texts = self.session.texts
            for note in notes:
                self.session.remark(texts("cli.note", note=note.text(texts.lang)))
            travel = self._travel(study)
            study = replace(study, **travel) if travel else study
            if not self.limits:
                return study
            types = study.service_types
            assert types is not None
            limits = study.settings.limits_min | self._limit(types["service"])
            return replace(study, settings=replace(study.settings, limits_min=limits))
        chosen = Settings.from_toml(self.settings) if self.settings else Settings()
        if self.limits:
            services = load_service_types()["service"]
            chosen = replace(chosen, limits_min={**chosen.limits_min, **self._limit(services)})
        if self.partners_only:
            chosen = replace(chosen, partners_only=True)
        travel = self._travel(None)

        def load(roads: Any) -> tuple[Study, list[Problem]]:
            study = Study.load(region, view=self.view, settings=chosen, network=roads, **travel)
            return study, []

        return (load(named) if named or self.network else self._take_kept(load))[0]

    def _take_kept(self, load: Callable[[Any], tuple[Study, list[Problem]]]) -> Any:
        """Return what `load` gives with the network this machine keeps, if it reaches all places.

        Which roads answer is said; where there is no kept network, nothing is.
        """
        from socaccess.network import find_kept_network, open_kept_network, reaches_all

        kept = open_kept_network()
        if kept is None:
            return load(None)
        texts, source = self.session.texts, kept.provenance.get("source")
        if isinstance(source, Mapping):
            source = source.get("file")
        source = source or find_kept_network()
        loaded = load(kept)
        if reaches_all(kept, loaded[0].settlements):
            self.session.remark(texts("cli.kept_roads", source=source))
            return loaded
        self.session.remark(texts("cli.kept_roads_too_small", source=source))
        return load(None)

    def _travel(self, study: Study | None) -> dict[str, Any]:
        """Return how clients travel as far as the command line says it: a timetable means both."""
        from socaccess.cli.travelling import say_travel

        return say_travel(self.mode, self.feeds, self.visit, study)

    def _limit(self, services: Iterable[str]) -> dict[str, float]:
        """Return the limits of the command line for services that there are."""
        named = {name: minutes for name, minutes in self.limits.items() if name}
        return {**{name: self.limits[""] for name in services if "" in self.limits}, **named}

    def open_municipality(self, name: str) -> tuple[Study, str, str]:
        """Return the study around a municipality, its id and its name.

        Parameters
        ----------
        name
            Name, ATVK code, former name or town; in a project's study, name or id.
        """
        from socaccess.study.posing import find_municipality

        if self.project:
            study = self.open(str(self.project))
            return study, *find_municipality(study, name)
        region, identity = find_area(name, self.view)
        study = self.open(region)
        if identity is None:
            raise UnknownNameError("cli.region_not_municipality", name=name)
        return study, *find_municipality(study, identity)

    def open_network(self) -> Any:
        """Return the network of the file that is named, None where none or `main_roads` is."""
        from socaccess.study.project import MAIN_ROADS

        if self.network is None or str(self.network) == MAIN_ROADS:
            return None
        from socaccess.network import RoadNetwork

        return RoadNetwork.load(self.network)


class App(SpeakingApp):
    """A group of commands that speak, each with the options of `Session` and `StudyOptions`."""

    def command(self, name: str | None = None, **options: Any) -> Any:
        """Register a command; its parameters `session` and `asked` become options."""
        register = super().command(name, **options)

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            register(_expand(function))
            return function

        return decorate


@contextmanager
def open_client(address: str | None) -> Iterator[Any]:
    """Give the client of a Dask cluster, or None where none is asked for."""
    if address is None:
        yield None
        return
    from socaccess.partitions import connect

    with connect(address) as client:
        yield client


def is_project(region: str) -> bool:
    """Return whether what stands for a region is a project file."""
    return region.lower().endswith(".toml")


def find_area(area: str, view: str) -> tuple[str, str | None]:
    """Return the region to study and the municipality in it a user means, None for all of it.

    Raises
    ------
    UnknownNameError
        If neither a region nor a municipality nor its town is called so.
    """
    from socaccess.sources import boundaries
    from socaccess.study.embedded import EVERYWHERE, VIEWS

    if area.lower() in (*boundaries.REGIONS, EVERYWHERE):
        return area.lower(), None
    vintage = VIEWS[view]
    try:
        identity, _ = boundaries.find_municipality(area, vintage=vintage)
    except UnknownNameError:
        found = _find_by_town(area, view)
        if found is None:
            raise
        identity = found
    outlines = boundaries.load_municipalities(vintage).set_index("municipality_id")
    column = "planning_region_2009" if view == "plan" else "planning_region"
    return str(outlines.loc[identity, column]), identity


def _find_by_town(name: str, view: str) -> str | None:
    from socaccess.i18n import fold
    from socaccess.sources.settlements import load_settlements

    places: Any = load_settlements()
    towns = places[places["kind"].isin(["city", "town"]) & (places["name"].map(fold) == fold(name))]
    column = "municipality_id_2009" if view == "plan" else "municipality_id"
    homes = set(towns[column].dropna())
    return str(homes.pop()) if len(homes) == 1 else None


def _expand(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with options in the place of `session` and `asked`."""
    own = dict(inspect.signature(function, eval_str=True).parameters)
    wants = {name: own.pop(name) is not None for name in ("session", "asked") if name in own}
    if not wants:
        return function
    shared = {**(_STUDY if "asked" in wants else {}), **_SESSION}
    added = {name: option for name, option in shared.items() if name not in own}
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [
        context,
        *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own.values()),
        *(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default
            )
            for name, (kind, default) in added.items()
        ),
    ]

    def call(context: typer.Context, **given: Any) -> Any:
        said: dict[str, Any] = {name: given.pop(name) if name in added else None for name in shared}
        session = Session(
            Language(said["lang"]).value, bool(said["as_json"]), said["out"], bool(said["excel"])
        )
        offered: dict[str, Any] = {"session": session}
        if "asked" in wants:
            typed = {
                name
                for name in given | shared
                if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
            }
            offered["asked"] = StudyOptions(
                session, ViewName(said["view"]).value, parse_limits(said["limit"] or ()),
                said["settings"], said["network"], said["project"],
                bool(said["partners_only"]),
                None if said["mode"] is None else Mode(said["mode"]).value,
                tuple(said["feed"] or ()), tuple(said["visit"] or ()), frozenset(typed),
            )  # fmt: skip
        return function(**{name: offered[name] for name in wants}, **given)

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in parameters}
    return call


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
