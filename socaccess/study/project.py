"""A project file: one TOML that names the inputs of a study, so that it can be run anywhere again.

Paths are relative to the file. Everything wrong with the file is told at once, then
everything wrong with the tables it names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.errors import InputError, Problem, raise_problems
from socaccess.files import create_file
from socaccess.i18n import LANGUAGES
from socaccess.messages import name_line
from socaccess.settings import Settings
from socaccess.study.project_form import SECTIONS, Source, find_problems
from socaccess.study.transit import Visit

if TYPE_CHECKING:
    from socaccess.network import RoadNetwork
    from socaccess.sources.gazetteer import Gazetteer
    from socaccess.sources.reference import Reference
    from socaccess.study.study import Study

__all__ = ["MAIN_ROADS", "Outputs", "Project", "Source", "read_project", "write_template"]

MAIN_ROADS = "main_roads"
"""The embedded main roads of Latvia, as the value of `network.roads`."""


@dataclass(frozen=True)
class Outputs:
    """What a run of the project writes.

    Parameters
    ----------
    folder
        Where to.
    languages
        In which languages; of several, each has a folder of its own.
    excel
        Tables with `;` and decimal comma.
    formats
        Further forms of the layers: `geoparquet`, `geojson`.
    show_small_counts
        Whether counts of fewer than five people are shown.
    """

    folder: Path
    languages: tuple[str, ...] = ("lv",)
    excel: bool = False
    formats: tuple[str, ...] = ()
    show_small_counts: bool = False


@dataclass(frozen=True, eq=False)
class Project:
    """What a project file says.

    Parameters
    ----------
    path
        The file.
    name, title, data_dates
        Short name, title by language, what dates the data has.
    inputs
        Files by what they hold.
    place, scale_population
        Whether facilities without coordinates are placed by the study's own gazetteer,
        and whether a population is scaled to the totals of municipalities.
    promised
        Services a plan promises.
    roads, season, profile
        `main_roads`, an OpenStreetMap extract or a saved network, or empty: nothing is said;
        season and speed profile of an extract.
    settings
        Limits, speeds, siting.
    mode, feeds, visit
        How clients travel, and their timetables; see `Study`.
    outputs
        What to write.
    attribution, caveats
        Sources and warnings by language.
    """

    path: Path
    name: str
    title: dict[str, str]
    inputs: dict[str, tuple[Source, ...]]
    outputs: Outputs
    place: bool = False
    scale_population: bool = False
    promised: tuple[str, ...] = ()
    roads: str = ""
    season: str = "summer"
    profile: Path | None = None
    settings: Settings = field(default_factory=Settings)
    data_dates: str = ""
    attribution: dict[str, list[str]] = field(default_factory=dict)
    caveats: dict[str, list[str]] = field(default_factory=dict)
    mode: str = "car"
    feeds: tuple[Path, ...] = ()
    visit: Visit = field(default_factory=Visit)

    def open_network(self) -> RoadNetwork | None:
        """Return the roads the project names; None for the embedded ones."""
        from socaccess.network import RoadNetwork

        if self.roads in ("", MAIN_ROADS):
            return None
        path = self.path.parent / self.roads
        if path.name.endswith((".osm", ".osm.pbf", ".pbf")):
            return RoadNetwork.from_osm(path, season=self.season, profile=self.profile)
        return RoadNetwork.load(path)

    def load_study(self, network: RoadNetwork | None = None) -> tuple[Study, list[Problem]]:
        """Return the study of the project, ready to run, and what its user should know.

        Parameters
        ----------
        network
            Other roads than the project names.

        Raises
        ------
        InputError
            With everything that is wrong in all its tables; if its roads reach none of its places.
        NetworkFileError
            If a saved network is damaged.
        """
        from socaccess.network import find_parts
        from socaccess.sources.gtfs import join_feeds
        from socaccess.study.project_tables import read_tables
        from socaccess.study.study import Study
        from socaccess.transit import open_feed

        tables, notes = read_tables(self.inputs, place=self.place, scale=self.scale_population)
        own = self.open_network() if network is None else None
        if own is not None:
            notes = [*notes, *find_parts(own, [tables["settlements"], tables["facilities"]])]
        study = Study(
            **tables,
            network=network or own,
            promised=self.promised,
            settings=self.settings,
            name=self.name,
            title=self.title,
            attribution=self.attribution,
            caveats=self.caveats,
            data_dates=self.data_dates,
            inputs=self.list_inputs(),
            mode=self.mode,
            feed=join_feeds([open_feed(path) for path in self.feeds]) if self.feeds else None,
            visit=self.visit,
        )
        return study, notes

    def open_reference(self, *, place: bool = False) -> tuple[Reference, Gazetteer | None]:
        """Return what a table of the project may refer to, and its gazetteer if `place`.

        Raises
        ------
        InputError
            With everything that is wrong in municipalities, settlements and services.
        """
        from socaccess.sources.gazetteer import Gazetteer
        from socaccess.study.project_tables import read_ground

        ground = read_ground(self.inputs, scale=self.scale_population)
        gazetteer = Gazetteer.from_tables(ground.settlements, ground.municipalities)
        return ground.reference, gazetteer if place else None

    def list_inputs(self) -> list[dict[str, Any]]:
        """Return every file the project rests on with its size and hash, for `study.json`.

        Of tables of persons only the name stands there: whoever knows all of a table but a
        hidden count would find that count by trying which one gives the hash, or the size.
        """
        paths = [self.path, *(source.path for group in self.inputs.values() for source in group)]
        if self.profile is not None:
            paths.append(self.profile)
        if self.roads not in ("", MAIN_ROADS):
            paths.append(self.path.parent / self.roads)
        paths += self.feeds
        paths += [part for path in paths for part in _list_parts(path)]
        counts = {source.path for source in self.inputs.get("need", ())}
        counts |= {part for path in counts for part in _list_parts(path)}
        home = self.path.parent
        listed: list[dict[str, Any]] = []
        for path in dict.fromkeys(paths):
            name = path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name
            if path in counts:
                listed.append({"file": name, "holds_counts": True})
                continue
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            listed.append({"file": name, "bytes": path.stat().st_size, "sha256": digest})
        return listed


def _list_parts(path: Path) -> list[Path]:
    """Return the other files of a Shapefile."""
    if path.suffix.lower() != ".shp":
        return []
    beside = (path.with_suffix(ending) for ending in (".dbf", ".shx", ".prj", ".cpg"))
    return [part for part in beside if part.is_file()]


def read_project(path: str | Path) -> Project:
    """Return what a project file says.

    Raises
    ------
    InputError
        With everything that is wrong with it at once: what is no TOML, unknown keys with
        the nearest known one, values of the wrong kind, files that are missing.

    Examples
    --------
    >>> project = read_project("gozo.toml")        # doctest: +SKIP
    >>> study, notes = project.load_study()        # doctest: +SKIP
    """
    import tomllib

    path = Path(path)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise InputError("study.no_file", where=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        # The reader of TOML says where in its own words; only the number is taken.
        rows = [name_line(int(number)) for number in re.findall(r"line (\d+)", str(error))[:1]]
        raise InputError("study.not_toml", where=path.name, rows=rows) from None
    except UnicodeDecodeError:
        raise InputError("study.not_utf8", where=path.name) from None
    except OSError:
        raise InputError("study.not_readable", where=path.name) from None
    problems = find_problems(given, path.name)
    settings = Settings()
    try:
        # Only what is of the right kind is looked at more closely.
        if isinstance(given.get("settings", {}), dict):
            settings = Settings.from_dict(given.get("settings", {}), where=f"{path.name}, settings")
    except InputError as error:
        problems += error.problems
    visit, feeds = Visit(), _list_feeds(given, path)
    try:
        if isinstance(given.get("transit", {}), dict):
            said = {name: value for name, value in given.get("transit", {}).items()
                    if name not in SECTIONS["transit"]}  # fmt: skip
            visit = Visit.from_dict(said, where=f"{path.name}, transit")
    except InputError as error:
        problems += error.problems
    inputs = _list_sources(given, path)
    network = given.get("network", {})
    files = [*(source.path for group in inputs.values() for source in group), *feeds]
    if isinstance(network, dict):
        named = [network.get("roads", MAIN_ROADS), network.get("profile")]
        files += [path.parent / name for name in named if isinstance(name, str)
                  and name != MAIN_ROADS]  # fmt: skip
    missing = [str(file) for file in files if not file.is_file() and not (
        file in feeds and file.is_dir())]  # fmt: skip
    if missing:
        problems.append(
            Problem("study.no_files", path.name, missing)
        )  # fmt: skip
    raise_problems(problems)
    project = _make_project(given, path, inputs, settings)
    mode = given.get("transit", {}).get("mode", "both" if feeds else "car")
    return replace(project, mode=mode, feeds=feeds, visit=visit)


def write_template(path: str | Path, *, lang: str = "lv") -> Path:
    """Write a project file to fill in, with every key explained; an existing one is kept.

    Raises
    ------
    InputError
        If there is such a file already, or it cannot be written.
    """
    path = Path(path)
    text = resources.files("socaccess.study").joinpath(f"project_{lang}.toml").read_bytes()
    try:
        create_file(path, text)
    except FileExistsError:
        raise InputError("study.file_exists", where=str(path)) from None
    except OSError:
        raise InputError("study.not_writable", where=str(path)) from None
    return path


def _list_feeds(given: Mapping[str, Any], path: Path) -> tuple[Path, ...]:
    """Return the timetables; what has the wrong form is left out, and told elsewhere."""
    section = given.get("transit", {})
    named = section.get("feed", []) if isinstance(section, dict) else []
    items = named if isinstance(named, list) else [named]
    return tuple(path.parent / item for item in items if isinstance(item, str))


def _list_sources(given: Mapping[str, Any], path: Path) -> dict[str, tuple[Source, ...]]:
    """Return the input files; what has the wrong form is left out, and told elsewhere."""
    inputs = given.get("inputs", {})
    if not isinstance(inputs, dict):
        return {}
    crs = given.get("crs")
    sources: dict[str, tuple[Source, ...]] = {}
    for name in SECTIONS["inputs"]:
        value = inputs.get(name)
        items = value if isinstance(value, list) else [value]
        found = []
        for item in items:
            table = {"file": item} if isinstance(item, str) else item
            if not isinstance(table, dict) or not isinstance(table.get("file"), str):
                continue
            if name in ("promised", "place", "scale_population"):
                continue
            found.append(
                Source(path.parent / table["file"], table.get("layer"), table.get("crs", crs),
                       table.get("persons"))
            )  # fmt: skip
        if found:
            sources[name] = tuple(found)
    return sources


def _make_project(
    given: Mapping[str, Any], path: Path, inputs: dict[str, tuple[Source, ...]], settings: Settings
) -> Project:
    options, network = given.get("inputs", {}), given.get("network", {})
    wanted = given.get("outputs", {})
    lang = wanted.get("lang", LANGUAGES[0])
    name = given.get("name", path.stem)
    title = given.get("title", name)
    profile = network.get("profile")
    return Project(
        path=path,
        name=name,
        title=dict.fromkeys(LANGUAGES, title) if isinstance(title, str) else dict(title),
        inputs=inputs,
        place=options.get("place", False),
        scale_population=options.get("scale_population", False),
        promised=tuple(options.get("promised", ())),
        roads=network.get("roads", ""),
        season=network.get("season", "summer"),
        profile=path.parent / profile if profile else None,
        settings=settings,
        outputs=Outputs(
            folder=path.parent / wanted.get("folder", f"out/{name}"),
            languages=(lang,) if isinstance(lang, str) else tuple(lang),
            excel=wanted.get("excel", False),
            formats=tuple(wanted.get("formats", ())),
            show_small_counts=wanted.get("show_small_counts", False),
        ),
        data_dates=str(given.get("data_dates", "")),
        attribution={lang: list(given.get("attribution", {}).get(lang, ())) for lang in LANGUAGES},
        caveats={lang: list(given.get("caveats", {}).get(lang, ())) for lang in LANGUAGES},
    )
