"""`socaccess data`: what ships with the project, what can be fetched, and whether it is whole."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli.command import App
from socaccess.cli.options import Debug, Json, Lang, Language, make_console
from socaccess.encoding import encode_json

__all__ = ["app"]

app = App()

Name = Annotated[str, typer.Argument(help="What to fetch; `socaccess data list` names them.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Make no connection; so does SOCACCESS_OFFLINE=1.")
]


@app.command("list")
def list_data(lang: Lang = Language.lv, as_json: Json = False, debug: Debug = False) -> None:
    """List what ships with the program and what can be fetched, with licence, size and date."""
    from socaccess.i18n import Texts
    from socaccess.sources.embedded import list_attributions, verify_data
    from socaccess.sources.portals.fetching import list_stock

    files = verify_data()
    files["licences"] = [_name_licences(package) for package in files["package"]]
    attributions = list_attributions(lang.value)
    stock = list_stock()
    texts = Texts(lang.value)
    if as_json:
        answer = {
            "files": files.to_dict("records"),
            "attribution": attributions,
            "sources": [_tell_stocked(item, texts) for item in stock],
        }
        typer.echo(encode_json(answer))
        return
    typer.echo(texts("data.embedded"))
    make_console().print(_draw_files(files, texts))
    for line in attributions:
        typer.echo(line)
    typer.echo()
    typer.echo(texts("data.fetchable"))
    make_console().print(_draw_sources([_tell_stocked(item, texts) for item in stock], texts))


@app.command("fetch")
def fetch_data(
    name: Name,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for a copy of the file and its table.")
    ] = None,
    offline: Offline = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Fetch anew though there is a file.")
    ] = False,
    url: Annotated[
        str,
        typer.Option("--url", help="Take this file, or ask this Overpass, instead: one you trust."),
    ] = "",
    resource: Annotated[
        str, typer.Option("--resource", help="Words in the name of the dataset's file you mean.")
    ] = "",
    place: Annotated[
        str, typer.Option("--place", help="The area by name, for osm_roads, osm_facilities.")
    ] = "",
    polygon: Annotated[
        Path | None, typer.Option("--polygon", help="The area as a layer, for osm_... sources.")
    ] = None,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Fetch a file, check it, keep it, and say what was understood of it."""
    from socaccess.cli._data_tables import Reading, locate_source, read_source, write_reading
    from socaccess.i18n import Texts
    from socaccess.sources.portals import OverpassService, fetch, fetch_map, find_source

    texts = Texts(lang.value)
    source = find_source(name)
    readings: dict[str, Reading] = {}

    def check(path: Path) -> None:
        readings["new"] = read_source(name, path)

    with _told_in(lang, debug):
        if source.portal == "overpass":
            area = _read_area(polygon) if polygon else None
            entry = fetch_map(
                name,
                place=place,
                polygon=area,
                service=OverpassService(overpass=url) if url else None,
                offline=offline,
                refresh=refresh,
                check=check,
            )
        else:
            with _shown_progress() as progress:
                entry = fetch(
                    name,
                    address=url,
                    resource=resource,
                    offline=offline,
                    refresh=refresh,
                    check=check,
                    progress=progress,
                )
        if name == "register":
            reading = locate_source(entry, offline=offline)
        else:
            reading = readings.get("new") or read_source(name, entry.path)
    written = []
    if out is not None:
        written.append(_copy(entry.path, out))
        if reading.table is not None and not reading.of_persons:
            written.append(write_reading(reading, out, name))
    if as_json:
        told = _tell_entry(entry) | {
            "name": name,
            "rows": None if reading.table is None else len(reading.table),
            "ignored": list(reading.ignored),
            "left_out": reading.left_out,
            "findings": [finding.text(lang.value) for finding in reading.findings],
            "written": [str(path) for path in written],
        }
        typer.echo(encode_json(told))
        return
    _tell_fetched(source, entry, reading, texts)
    for path in written:
        typer.echo(texts("data.wrote", path=path), err=True)


@app.command("compare")
def compare(
    name: Annotated[str, typer.Argument(help="What the list is compared with: register.")],
    listed: Annotated[
        Path | None,
        typer.Option("--list", help="Your own list of facilities instead of the embedded one."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the tables of the comparison.")
    ] = None,
    offline: Offline = False,
    lang: Lang = Language.lv,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare a list of facilities with the state register, both ways, by municipality."""
    from socaccess.encoding import encode_csv, encode_json
    from socaccess.errors import UnknownNameError
    from socaccess.files import write_files
    from socaccess.i18n import Texts
    from socaccess.schemas import FACILITIES
    from socaccess.sources import register_comparison as comparison
    from socaccess.sources.portals import fetch_register, find_source
    from socaccess.sources.services import load_facilities
    from socaccess.sources.tables import read_table

    texts = Texts(lang.value)
    if name != "register":
        raise UnknownNameError("portals.not_compared", name=name)
    with _told_in(lang, debug):
        register = fetch_register(offline=offline)
    facilities = load_facilities() if listed is None else read_table(listed, FACILITIES)
    table, unmapped = comparison.compare_register(register.services, facilities)
    counts = comparison.count_differences(table)
    written: list[Path] = []
    if out is not None:
        page = find_source(name).page
        files = {
            "differences.csv": table,
            "by_municipality.csv": counts.reset_index(),
            "unmapped.csv": unmapped,
            "round_facilities.csv": comparison.list_for_round(table, page, register.date),
        }
        written = write_files(out, {file: encode_csv(frame) for file, frame in files.items()})
    if as_json:
        answer = {
            "date": register.date,
            "unmapped": len(unmapped),
            "municipalities": counts.reset_index().to_dict("records"),
            "written": [str(path) for path in written],
        }
        typer.echo(encode_json(answer))
        return
    typer.echo(texts("data.compared", date=register.date, rows=len(register.services)))
    make_console().print(_draw_counts(counts, texts))
    typer.echo(texts.count("data.compared_unmapped", len(unmapped)))
    for finding in register.findings:
        typer.echo(finding.text(texts.lang), err=True)
    for path in written:
        typer.echo(texts("data.wrote", path=path), err=True)


_FINDING_TEXTS = {
    "both": "data.finding_both",
    "places_differ": "data.finding_places_differ",
    "opened": "data.finding_opened",
    "only_register": "data.finding_only_register",
    "only_list": "data.finding_only_list",
}


def _draw_counts(counts: Any, texts: Any) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column(texts("data.column_municipality"))
    for name in counts.columns:
        table.add_column(texts(_FINDING_TEXTS[name]), justify="right")
    for municipality, row in counts.iterrows():
        table.add_row(Text(str(municipality)), *(texts.number(float(count)) for count in row))
    total = counts.sum()
    table.add_row(texts("data.column_total"), *(texts.number(float(count)) for count in total))
    return table


@app.command("verify")
def verify(lang: Lang = Language.lv, as_json: Json = False, debug: Debug = False) -> None:
    """Compare every embedded and every fetched file with its hash; exit 1 when one differs."""
    from socaccess.i18n import Texts
    from socaccess.sources.embedded import require_whole, verify_data
    from socaccess.sources.portals.fetching import list_stock

    texts = Texts(lang.value)
    files = verify_data()
    fetched = [item.entry for item in list_stock() if item.entry and not item.entry.placed_by_hand]
    changed = [entry for entry in fetched if not entry.is_whole()]
    if as_json:
        answer = {
            "files": files.to_dict("records"),
            "fetched": [_tell_entry(e) | {"whole": e not in changed} for e in fetched],
        }
        typer.echo(encode_json(answer))
        if changed or not files["whole"].all():
            raise typer.Exit(1)
        return
    require_whole()
    typer.echo(texts.count("cli.verified", len(files)))
    for entry in changed:
        typer.echo(f"socaccess: {texts('data.changed', path=entry.path)}", err=True)
    if changed:
        raise typer.Exit(1)
    if fetched:
        typer.echo(texts.count("data.verified_cache", len(fetched)))


@app.command("where")
def where(lang: Lang = Language.lv, as_json: Json = False, debug: Debug = False) -> None:
    """Say where fetched files are kept, and where to place a file by hand."""
    from socaccess.i18n import Texts
    from socaccess.sources.downloads import Cache
    from socaccess.sources.portals import SOURCES

    texts, cache = Texts(lang.value), Cache()
    placed = [source for source in SOURCES if source.portal != "overpass"]
    if as_json:
        folders = {
            source.name: {"folder": str(cache.folder_of(source.name)), "page": source.page,
                          "endings": source.endings}
            for source in placed
        }  # fmt: skip
        answer = {"cache": str(cache.folder), "sources": folders}
        typer.echo(encode_json(answer))
        return
    typer.echo(texts("data.folder", folder=cache.folder))
    for source in SOURCES:
        if source in placed:
            line = texts(
                "data.place_one",
                name=source.name,
                page=source.page,
                folder=cache.folder_of(source.name),
                endings=", ".join(source.endings),
            )
        else:
            folder = cache.folder_of(source.name)
            line = texts("data.place_map", name=source.name, folder=folder)
        typer.echo(line)


@contextmanager
def _told_in(lang: Language, debug: bool) -> Iterator[None]:
    """Tell an error of a download in the language asked for."""
    from socaccess.sources.downloads import DownloadError

    try:
        yield
    except DownloadError as error:
        if debug:
            raise
        typer.echo(f"socaccess: {error.text(lang.value)}", err=True)
        raise typer.Exit(1) from None


@contextmanager
def _shown_progress() -> Iterator[Any]:
    """Give a callback that draws bytes on stderr while a person is watching, else none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total or None)


def _tell_entry(entry: Any) -> dict[str, Any]:
    return {
        "path": str(entry.path),
        "bytes": entry.bytes,
        "date": entry.date,
        "address": entry.address,
        "sha256": entry.sha256,
        "placed_by_hand": entry.placed_by_hand,
        "details": dict(entry.details),
    }


def _tell_stocked(item: Any, texts: Any) -> dict[str, Any]:
    told = {
        "name": item.source.name,
        "title": texts(f"data.title_{item.source.key}"),
        "licence": item.source.licence,
        "page": item.source.page,
        "file": None if item.entry is None else _tell_entry(item.entry),
    }
    if item.entry is not None:
        told["licence"] = dict(item.entry.details).get("licence", item.source.licence)
    return told


def _name_licences(package: str) -> list[str]:
    from socaccess.sources.embedded import read_package

    return [str(licence["name"]) for licence in read_package(package).get("licenses", [])]


def _draw_files(files: Any, texts: Any) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column(texts("data.file"), no_wrap=True)
    table.add_column(texts("data.column_licence"))
    table.add_column(texts("data.column_size"), justify="right", no_wrap=True)
    free = {"other-pd": texts("data.public_domain")}
    for row in files.itertuples():
        licences = ", ".join(free.get(name, name) for name in row.licences)
        table.add_row(f"{row.package}/{row.path}", licences, _show_size(row.bytes, texts))
    return table


def _draw_sources(sources: list[dict[str, Any]], texts: Any) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "title", "licence", "have", "size"):
        table.add_column(
            texts(f"data.column_{column}"),
            justify="right" if column == "size" else "left",
            no_wrap=column in ("name", "size"),
        )
    for source in sources:
        file = source["file"]
        title, have, size = source["title"], "–", "–"
        if file:
            by_hand = texts("data.by_hand_since", date=file["date"])
            have = by_hand if file["placed_by_hand"] else file["date"]
            size = _show_size(file["bytes"], texts)
            if area := file["details"].get("place"):
                title = f"{title}: {area}"
        table.add_row(source["name"], title, source["licence"], have, size)
    return table


def _show_size(count: int, texts: Any) -> str:
    if count < 1_000_000:
        return str(texts("data.kilobytes", n=texts.number(-(-count // 1000))))
    return str(texts("data.megabytes", n=texts.number(count / 1e6, decimals=1)))


def _tell_fetched(source: Any, entry: Any, reading: Any, texts: Any) -> None:
    typer.echo(
        texts(
            "data.fetched",
            title=texts(f"data.title_{source.key}"),
            path=entry.path,
            size=_show_size(entry.bytes, texts),
            date=entry.date,
            licence=dict(entry.details).get("licence", source.licence),
        )
    )
    if reading.table is not None:
        typer.echo(texts.count("data.rows", len(reading.table)))
    for reason, count in reading.left_out.items():
        typer.echo(texts.count(f"data.left_out_{reason}", count), err=True)
    if reading.ignored:
        typer.echo(texts("data.ignored", names=", ".join(reading.ignored)), err=True)
    for finding in reading.findings:
        typer.echo(finding.text(texts.lang), err=True)
    if source.name in ("latvia_roads", "osm_roads"):
        typer.echo(texts("data.next_network", path=entry.path))
    if reading.of_persons:
        children = " --children" if source.name.startswith("berni") else ""
        typer.echo(texts("data.next_need", path=f"{entry.path}{children}"))


def _read_area(path: Path) -> Any:
    from socaccess.errors import InputError
    from socaccess.sources.files import read_rows

    frame, _ = read_rows(path)
    if "geometry" not in frame:
        raise InputError("sources.no_areas", where=path.name)
    return frame


def _copy(path: Path, folder: Path) -> Path:
    from socaccess.files import write_together

    with write_together(folder) as aside:
        shutil.copyfile(path, aside / path.name)
    return folder / path.name
