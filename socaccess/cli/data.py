"""`socaccess data`: what ships with the project, what can be fetched, and whether it is whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import EXIT_NO, EXIT_WRONG, App
from socaccess.cli.session import Session

if TYPE_CHECKING:
    from socaccess.sources.downloads import CachedFile

__all__ = ["app"]

app = App()

Name = Annotated[str, typer.Argument()]
Offline = Annotated[bool, typer.Option("--offline")]

PUBLIC_DOMAIN = "other-pd"


@app.command("list")
def list_data(session: Session) -> None:
    """List what ships with the program and what can be fetched, with licence, size and date."""
    from socaccess.sources.embedded import list_attributions, read_package, verify_data
    from socaccess.sources.portals.fetching import list_stock

    files = verify_data()
    files["licences"] = [
        [str(one["name"]) for one in read_package(package).get("licenses", [])]
        for package in files["package"]
    ]
    attributions = list_attributions(session.lang)
    sources = [_describe_source(session, item) for item in list_stock()]
    session.say("data.embedded")
    _show_files(session, files)
    for line in attributions:
        session.print(line)
    session.print("")
    session.say("data.fetchable")
    _show_sources(session, sources)
    session.finish({"files": files, "attribution": attributions, "sources": sources},
                   {"files": files})  # fmt: skip


@app.command("fetch")
def fetch_data(
    session: Session,
    name: Name,
    offline: Offline = False,
    refresh: Annotated[bool, typer.Option("--refresh")] = False,
    url: Annotated[str, typer.Option("--url")] = "",
    resource: Annotated[str, typer.Option("--resource")] = "",
    place: Annotated[str, typer.Option("--place")] = "",
    polygon: Annotated[Path | None, typer.Option("--polygon")] = None,
) -> None:
    """Fetch a file, check it, keep it, and say what was understood of it."""
    from socaccess.sources.portals import (
        OverpassService,
        fetch,
        fetch_map,
        find_source,
        locate_register,
    )

    source = find_source(name)
    readings: dict[str, Reading] = {}

    def check(path: Path) -> None:
        readings["new"] = _read_source(name, path)

    options: dict[str, Any] = {"offline": offline, "refresh": refresh, "check": check}
    if source.portal == "overpass":
        area = _read_area(polygon) if polygon else None
        service = OverpassService(overpass=url) if url else None
        entry = fetch_map(name, place=place, polygon=area, service=service, **options)
    else:
        with session.progress() as progress:
            entry = fetch(
                name,
                address=url,
                resource=resource,
                progress=lambda done, total: progress("fetch", done, total or 0),
                **options,
            )
    if name == "register":
        reading = _take_register(locate_register(entry, offline=offline))
    else:
        reading = readings.get("new") or _read_source(name, entry.path)
    written = [] if session.out is None else _write_copy(entry.path, reading, session.out, name)
    if not session.as_json:
        _show_fetched(session, source, entry, reading)
    session.print_json(_describe_entry(entry) | {
        "name": name,
        "rows": None if reading.table is None else len(reading.table),
        "ignored": reading.ignored,
        "left_out": reading.left_out,
        "findings": [finding.text(session.lang) for finding in reading.findings],
        "written": written,
    })  # fmt: skip
    for path in written:
        session.wrote(path)


@app.command("compare")
def compare(
    session: Session,
    name: Name,
    listed: Annotated[Path | None, typer.Option("--list")] = None,
    offline: Offline = False,
) -> None:
    """Compare a list of facilities with the state register, both ways, by municipality."""
    from socaccess.errors import UnknownNameError
    from socaccess.schemas import FACILITIES
    from socaccess.sources import register_comparison as comparison
    from socaccess.sources.portals import fetch_register, find_source
    from socaccess.sources.services import load_facilities
    from socaccess.sources.tables import read_table

    if name != "register":
        raise UnknownNameError("portals.not_compared", name=name)
    register = fetch_register(offline=offline)
    facilities = load_facilities() if listed is None else read_table(listed, FACILITIES)
    table, unmapped = comparison.compare_register(register.services, facilities)
    counts = comparison.count_differences(table).reset_index()
    texts = session.texts
    session.say("data.compared", date=register.date, rows=len(register.services))
    regions = comparison.count_differences(table, "planning_region").reset_index()
    findings = [column for column in counts.columns if column != "municipality"]
    headings = [session.word("data.finding_", finding) for finding in findings]
    total = {"place": texts("data.column_total"), **counts[findings].sum().to_dict()}
    places = [session.word("region.", name) if name else "" for name in regions["planning_region"]]
    by_region = [*regions.assign(place=places).to_dict("records"), total]
    by_municipality = counts.rename(columns={"municipality": "place"}).to_dict("records")
    for heading, rows in (
        (texts("data.column_region"), by_region),
        (texts("data.column_municipality"), by_municipality),
    ):
        cells = [
            [row["place"], *(texts.number(float(row[name])) for name in findings)] for row in rows
        ]
        session.table("", [heading, *headings], cells)
    session.print(texts.count("data.compared_unmapped", len(unmapped)))
    for finding in () if session.as_json else register.findings:
        session.remark(finding.text(session.lang))
    tables = {
        "differences": table,
        "by_region": regions,
        "by_municipality": counts,
        "unmapped": unmapped,
        "round_facilities": comparison.list_for_round(table, find_source(name).page, register.date),
    }
    written = [session.out / f"{file}.csv" for file in tables] if session.out else []
    answer = {
        "date": register.date,
        "unmapped": len(unmapped),
        "regions": regions,
        "municipalities": counts,
        "written": written,
    }
    session.finish(answer, tables)


@app.command("verify")
def verify(session: Session) -> None:
    """Compare every embedded and every fetched file with its hash; exit 1 when one differs."""
    from socaccess.sources.embedded import require_whole, verify_data
    from socaccess.sources.portals.fetching import list_stock

    files = verify_data()
    fetched = [item.entry for item in list_stock() if item.entry and not item.entry.placed_by_hand]
    changed = [entry for entry in fetched if not entry.is_whole()]
    if not session.as_json:
        require_whole()
        session.print(session.texts.count("cli.verified", len(files)))
        for entry in changed:
            session.remark(f"socaccess: {session.texts('data.changed', path=entry.path)}")
        if fetched and not changed:
            session.print(session.texts.count("data.verified_cache", len(fetched)))
    entries = [_describe_entry(entry) | {"whole": entry not in changed} for entry in fetched]
    session.finish({"files": files, "fetched": entries})
    if changed or not files["whole"].all():
        raise typer.Exit(EXIT_WRONG)


@app.command("audit")
def audit(session: Session, folders: Annotated[list[Path], typer.Argument()]) -> None:
    """Attack folders of outputs together: which hidden counts can be narrowed; exit 3 if any."""
    from socaccess.privacy.audit import audit_folders
    from socaccess.sources.services import load_service_types

    groups = load_service_types().set_index("service")["target_group"]
    found = audit_folders(folders, groups=groups.to_dict())
    session.say("data.audited", files=found.files, shown=found.shown, hidden=found.hidden)
    for where in found.contradictory:
        session.say("data.audit_contradicts", where=where)
    rows = [(each.where, " / ".join(part for part in each.cell if part),
             f"{each.low:.0f}", f"{each.high:.0f}") for each in found.narrowed]  # fmt: skip
    if rows:
        keys = ("data.audit_where", "data.audit_cell", "data.audit_low", "data.audit_high")
        session.table("", [session.texts(key) for key in keys], rows)
    else:
        session.say("data.audit_nothing")
    session.finish({"files": found.files, "shown": found.shown, "hidden": found.hidden,
                    "contradictory": list(found.contradictory),
                    "narrowed": [vars(each) for each in found.narrowed]})  # fmt: skip
    raise typer.Exit(EXIT_NO if rows else 0)


@app.command("where")
def where(session: Session) -> None:
    """Say where fetched files are kept, and where to place a file by hand."""
    from socaccess.sources.downloads import Cache
    from socaccess.sources.portals import SOURCES

    cache = Cache()
    session.say("data.folder", folder=cache.folder)
    folders = {}
    for source in SOURCES:
        folder = cache.folder_of(source.name)
        if source.portal == "overpass":
            session.say("data.place_map", name=source.name, folder=folder)
            continue
        folders[source.name] = {"folder": folder, "page": source.page, "endings": source.endings}
        endings = ", ".join(source.endings)
        session.say("data.place_one", name=source.name, page=source.page, folder=folder,
                    endings=endings)  # fmt: skip
    session.finish({"cache": cache.folder, "sources": folders})


@dataclass(frozen=True)
class Reading:
    """A table in our form, what was left out of it, and findings worth showing.

    Parameters
    ----------
    table
        The table, None for a file that is used as it is.
    ignored
        Headings that were not understood.
    findings
        What is odd but no reason to refuse.
    of_persons
        Whether it counts people so few that it leaves through `plan need` only, which hides them.
    left_out
        How many rows are not in the table, by reason.
    """

    table: Any = None
    ignored: tuple[str, ...] = ()
    findings: tuple[Any, ...] = ()
    of_persons: bool = False
    left_out: dict[str, int] = field(default_factory=dict)


def _take_register(register: Any) -> Reading:
    from socaccess.sources.register_services import describe_mapping

    table = describe_mapping(register.services).assign(source_date=register.date)
    return Reading(table, (), register.findings, left_out=register.left_out)


def _read_source(name: str, path: Path) -> Reading:
    """Return a source's file as a table of ours; raise if its layout is not known."""
    from socaccess.programme.assessments import read_children_by_age, read_needed_services
    from socaccess.sources import portals
    from socaccess.sources.osm import read_candidate_facilities
    from socaccess.sources.osm_files import describe_file
    from socaccess.sources.portals.addresses import check_buildings, check_flats

    tables: dict[str, Callable[[Path], Any]] = {
        "robezas": portals.read_boundaries,
        "atvk": portals.read_classifier,
        "iedzivotaji": portals.read_population,
        "soc-pakalpojumu-sniedzeju-skaits": portals.read_provider_counts,
        "osm_facilities": read_candidate_facilities,
    }
    needs = {
        "nepieciesamie-di-pakalpojumi": read_needed_services,
        "berni-ar-invaliditati-adm-ter": read_children_by_age,
    }
    if name in tables:
        return Reading(tables[name](path))
    if name == "register":
        return _take_register(portals.read_register(path))
    if name in needs:
        need = needs[name](path)
        return Reading(need.choose_latest(), need.ignored, need.findings, True)
    if name.startswith("gtfs-"):
        from socaccess.sources.gtfs import read_feed

        return Reading(findings=read_feed(path).findings)
    # A map is used as it is: enough that it can be opened.
    checks = {"address_buildings": check_buildings, "address_flats": check_flats}
    checks.get(name, describe_file)(path)
    return Reading()


def _write_copy(path: Path, reading: Reading, folder: Path, name: str) -> list[Path]:
    """Write a copy of the file and its table: areas and points as GeoPackage, others as CSV."""
    from socaccess.encoding import encode_csv, write_layer
    from socaccess.files import write_together

    files, table = [path.name], reading.table
    with write_together(folder) as aside:
        shutil.copyfile(path, aside / path.name)
        if table is not None and not reading.of_persons:
            layer = "geometry" in table
            files.append(f"{name}-socaccess.{'gpkg' if layer else 'csv'}")
            if layer:
                write_layer(table, aside / files[1], layer=name)
            else:
                (aside / files[1]).write_bytes(encode_csv(table))
    return [folder / file for file in files]


def _read_area(path: Path) -> Any:
    from socaccess.errors import InputError
    from socaccess.sources.files import read_rows

    frame, _ = read_rows(path)
    if "geometry" not in frame:
        raise InputError("sources.no_areas", where=path.name)
    return frame


def _describe_entry(entry: CachedFile) -> dict[str, Any]:
    return {
        "path": entry.path,
        "bytes": entry.bytes,
        "date": entry.date,
        "address": entry.address,
        "sha256": entry.sha256,
        "placed_by_hand": entry.placed_by_hand,
        "details": dict(entry.details),
    }


def _describe_source(session: Session, item: Any) -> dict[str, Any]:
    entry = item.entry
    details = {} if entry is None else dict(entry.details)
    return {
        "name": item.source.name,
        "title": session.word("data.title_", item.source.key),
        "licence": details.get("licence", item.source.licence),
        "page": item.source.page,
        "file": None if entry is None else _describe_entry(entry),
    }


def _show_files(session: Session, files: Any) -> None:
    free = {PUBLIC_DOMAIN: session.texts("data.public_domain")}
    session.frame("", files, {
        "data.file": lambda row: f"{row['package']}/{row['path']}",
        "data.column_licence": lambda row: ", ".join(free.get(n, n) for n in row["licences"]),
        "data.column_size": lambda row: _show_size(session, row["bytes"]),
    })  # fmt: skip


def _show_sources(session: Session, sources: list[dict[str, Any]]) -> None:
    rows = []
    for source in sources:
        file, title, have, size = source["file"], source["title"], "–", "–"
        if file:
            by_hand = session.texts("data.by_hand_since", date=file["date"])
            have = by_hand if file["placed_by_hand"] else file["date"]
            size = _show_size(session, file["bytes"])
            if area := file["details"].get("place"):
                title = f"{title}: {area}"
        rows.append((source["name"], title, source["licence"], have, size))
    keys = ("data.column_name", "data.column_title", "data.column_licence", "data.column_have",
            "data.column_size")  # fmt: skip
    session.table("", [session.texts(key) for key in keys], rows)


def _show_size(session: Session, count: int) -> str:
    texts = session.texts
    if count < 1_000_000:
        return texts("data.kilobytes", n=texts.number(-(-count // 1000)))
    return texts("data.megabytes", n=texts.number(count / 1e6, decimals=1))


def _show_fetched(session: Session, source: Any, entry: CachedFile, reading: Reading) -> None:
    texts = session.texts
    session.say(
        "data.fetched",
        title=session.word("data.title_", source.key),
        path=entry.path,
        size=_show_size(session, entry.bytes),
        date=entry.date,
        licence=dict(entry.details).get("licence", source.licence),
    )
    if reading.table is not None:
        session.print(texts.count("data.rows", len(reading.table)))
        if "reason_unmapped" in reading.table:
            unmapped = int(reading.table["reason_unmapped"].notna().sum())
            mapped = texts.number(len(reading.table) - unmapped)
            session.print(texts.count("data.mapped", unmapped, mapped=mapped))
    for reason, count in reading.left_out.items():
        session.remark(texts.count(f"data.left_out_{reason}", count))
    if reading.ignored:
        session.remark(texts("data.ignored", names=", ".join(reading.ignored)))
    for finding in reading.findings:
        session.remark(finding.text(session.lang))
    if source.name in ("latvia_roads", "osm_roads"):
        session.say("data.next_network", path=entry.path)
    if source.name.startswith("gtfs-"):
        session.say("data.next_transit", path=entry.path)
    if reading.of_persons:
        children = " --children" if source.name.startswith("berni") else ""
        session.say("data.next_need", path=f"{entry.path}{children}")
