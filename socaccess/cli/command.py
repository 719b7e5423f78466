"""What every command may ask for: a session (language, JSON, folder) and the study it is about.

A command says that it wants them by its first parameters: `session: Session`, and
`asked: StudyOptions` where it is about a study. `App.command` gives it the options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.bars import IN_GENERAL
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse, SpeakingApp
from socaccess.cli.values import parse_limits
from socaccess.errors import UnknownNameError

if TYPE_CHECKING:
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
    "SmallCounts",
    "StudyOptions",
    "ViewName",
    "find_area",
    "is_project",
    "open_client",
]

EXIT_WRONG, EXIT_NO = 1, 3


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
        self.session.step("load")
        study = self._open(region, network)
        self.session.step(IN_GENERAL)
        return study

    def _open(self, region: str, network: Any) -> Study:
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
            self._remark([*notes, *self._find_parts(named, study)])
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

        study, _ = load(named) if named or self.network else self._take_kept(load)
        self._remark(self._find_parts(named, study))
        return study

    def _find_parts(self, named: Any, study: Study) -> list[Problem]:
        """Return what there is to say of the parts of the roads of `--network`."""
        from socaccess.network import find_parts

        if named is None or self.network is None:
            return []
        return find_parts(named, [study.settlements, study.facilities])

    def _remark(self, notes: Iterable[Problem]) -> None:
        texts = self.session.texts
        for note in notes:
            self.session.remark(texts("cli.note", note=note.text(texts.lang)))

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
        if session.out is not None:
            from socaccess.files import require_folder

            require_folder(session.out)
        with session.progress():
            return function(**{name: offered[name] for name in wants}, **given)

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {one.name: one.annotation for one in parameters}
    return call
