"""`socaccess network`: from an OpenStreetMap extract to a network file, and travel on it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from socaccess.cli.command import App
from socaccess.cli.session import Session
from socaccess.cli.speech import Misuse
from socaccess.encoding import encode_json
from socaccess.errors import InputError

if TYPE_CHECKING:
    import geopandas as gpd

    from socaccess.network import RoadNetwork, Snapped

__all__ = ["app", "read_places"]

app = App()

LAYERS = (".gpkg", ".geojson")
SHOWN_PARTS = 5
"""Parts of a network that are named by size."""
SHOWN = 40
"""Trips shown on the terminal; all of them are in the layer."""

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_COORDINATES = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")
_ORDER = (
    *("ways", "segments", "nodes", "nodes_missing", "nodes_duplicate"),
    *("ways_with_missing_nodes", "ways_too_short", "ways_duplicate"),
    *("ways_closed_by_access", "ways_private_closed", "ways_private_open"),
    *("barriers_passed", "barriers_closed"),
    *("restrictions_read", "restrictions_applied", "restrictions_over_ways"),
)
"""What is shown first, in this order; the rest follows by name."""


class Season(StrEnum):
    """Seasons that change speeds on unpaved roads."""

    summer = "summer"
    winter = "winter"
    thaw = "thaw"


NetworkArgument = Annotated[Path, typer.Argument()]
From = Annotated[list[str], typer.Option("--from")]
To = Annotated[list[str], typer.Option("--to")]


@app.command("build")
def build(
    session: Session,
    source: Annotated[Path, typer.Argument()],
    out: Annotated[Path | None, typer.Option("--out")] = None,
    season: Annotated[Season, typer.Option("--season")] = Season.summer,
    profile: Annotated[Path | None, typer.Option("--profile")] = None,
    hierarchy: Annotated[bool, typer.Option("--hierarchy/--no-hierarchy")] = True,
) -> None:
    """Read the roads of an extract, build the network and save it; say what was counted.

    Where no file is named it becomes the one this machine keeps: studies take it by themselves.
    """
    from socaccess.network import RoadNetwork, find_kept_network
    from socaccess.network.cells import cells_path, save_cells
    from socaccess.network.hierarchies import hierarchy_path

    kept = out is None
    out = out or find_kept_network()
    if out is None:
        raise Misuse("cli.network_not_kept", "--out")
    out.parent.mkdir(parents=True, exist_ok=True)
    with session.progress() as progress:
        network = RoadNetwork.from_osm(
            source,
            profile=profile,
            season=season.value,
            progress=lambda done, total: progress("network", done, total),
        )
        if hierarchy:
            progress("hierarchy")
        began = time.perf_counter()
        network.save(out, hierarchy=hierarchy)
        if hierarchy:
            save_cells(network, out)
        prepared_s = time.perf_counter() - began
    _show_network(session, network)
    session.wrote(out)
    if hierarchy:
        session.wrote(hierarchy_path(out))
        session.wrote(cells_path(out))
        session.remark(
            session.texts("network.prepared", seconds=session.texts.number(prepared_s, decimals=1))
        )
    if kept:
        session.remark(session.texts("cli.network_kept"))


@app.command("info")
def info(session: Session, file: NetworkArgument) -> None:
    """Open a network file, check it and show what is in it."""
    from socaccess.network import RoadNetwork

    _show_network(session, RoadNetwork.load(file))


@app.command("route")
def route(
    session: Session,
    file: NetworkArgument,
    begin: From,
    end: To,
    out: Annotated[Path | None, typer.Option("--out")] = None,
) -> None:
    """Show the fastest route from every origin to every destination; write it as lines."""
    from socaccess.network import RoadNetwork
    from socaccess.travel import routes

    if out is not None and out.suffix.lower() not in LAYERS:
        raise InputError("cli.no_layer", where=f"--out {out}", endings=LAYERS)
    network = RoadNetwork.load(file)
    origins = _put_on_roads(session, network, read_places(begin, "--from"))
    destinations = _put_on_roads(session, network, read_places(end, "--to"))
    drawn = routes(network, origins, destinations)
    if not drawn["travel_min"].notna().any():
        session.remark(session.texts("cli.nothing_reached"))
    if out is not None:
        _write_layer(drawn, out, dict(network.provenance))
    _show_trips(session, drawn)
    if out is not None:
        session.wrote(out)


@app.command("times")
def times(
    session: Session,
    file: NetworkArgument,
    begin: From,
    end: To,
    out: Annotated[Path, typer.Option("--out")],
    cutoff: Annotated[float | None, typer.Option("--cutoff")] = None,
    lengths: Annotated[bool, typer.Option("--lengths")] = False,
    memory: Annotated[float, typer.Option("--memory-mb")] = 500.0,
    threads: Annotated[int, typer.Option("--threads", min=1)] = 1,
) -> None:
    """Write the travel times from every origin to every destination within reach."""
    from socaccess.network import RoadNetwork
    from socaccess.travel import travel_blocks

    network = RoadNetwork.load(file)
    origins = _put_on_roads(session, network, read_places(begin, "--from"))
    destinations = _put_on_roads(session, network, read_places(end, "--to"))
    with session.progress() as progress:
        rows = travel_blocks(
            network,
            origins,
            destinations,
            lengths=lengths,
            cutoff_min=cutoff,
            memory_mb=memory,
            threads=threads,
            progress=lambda done, total: progress("travel", done, total),
        ).to_parquet(out)
    pairs = len(origins.ids) * len(destinations.ids)
    if session.as_json:
        session.finish({"rows": rows, "pairs": pairs})
    else:
        counted = session.texts.number(pairs)
        session.print(session.texts.count("cli.pairs_in_reach", rows, pairs=counted))
    session.wrote(out)


def read_places(given: Sequence[str], where: str) -> gpd.GeoDataFrame:
    """Return the places asked: each `lon,lat` in degrees, or a file of points.

    Points of a file are named by its first column of `socaccess.travel.places.ID_COLUMNS`,
    else by their row; coordinates on the command line by themselves.
    """
    import geopandas as gpd
    import pandas as pd

    from socaccess.sources.points import read_points
    from socaccess.travel.places import ID_COLUMNS

    parts = []
    for text in given:
        found = _COORDINATES.fullmatch(text)
        if found is None:
            if not Path(text).is_file():
                raise InputError("cli.no_place", where=f"{where} {text}")
            rows, names = read_points(Path(text))
            column = next((name for name in ID_COLUMNS if name in rows), None)
            ids = names if column is None else rows[column].astype(str).to_numpy()
            part = gpd.GeoDataFrame({"id": ids}, geometry=rows.geometry.to_numpy(), crs=rows.crs)
        else:
            lon, lat = (float(number) for number in found.groups())
            if not (-180 <= lon <= 180 and -90 <= lat <= 90):
                raise InputError("cli.no_coordinates", where=where, given=text)
            part = gpd.GeoDataFrame(
                {"id": [text.strip()]}, geometry=gpd.points_from_xy([lon], [lat]), crs="EPSG:4326"
            )
        parts.append(part.to_crs("EPSG:4326"))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))


def _put_on_roads(session: Session, network: RoadNetwork, places: gpd.GeoDataFrame) -> Snapped:
    """Return the places on the network; say which lie far off, on islands or nowhere."""
    import numpy as np

    texts = session.texts
    snapped = network.snap(places, id_column="id")
    for name, metres in zip(snapped.ids[snapped.far], snapped.access_m[snapped.far], strict=True):
        session.remark(texts("cli.far_place", place=name, km=texts.number(metres / 1000)))
    for name in snapped.ids[snapped.cut_off & ~snapped.far]:
        session.remark(texts("cli.cut_off_place", place=name))
    own = snapped.cut_off & snapped.located
    if own.any():
        part = network.part[network.edge_from[snapped.edge[own]]]
        for number, count in zip(*np.unique(part, return_counts=True), strict=True):
            session.remark(
                texts.count("cli.on_own_roads", int(count), nodes=network.part_sizes[number])
            )
    for name in snapped.ids[~snapped.located]:
        session.remark(texts("cli.lost_place", place=name))
    return snapped


def _show_network(session: Session, network: RoadNetwork) -> None:
    """Print size, source and everything that was counted while the network was made."""
    texts, about = session.texts, dict(network.provenance)
    length_km = float(network.length_m.sum()) / 1000
    size = {"nodes": network.node_count, "edges": network.edge_count}
    parts = network.part_sizes.tolist()
    if session.as_json:
        rest = {"length_km": round(length_km, 1), "crs": network.crs, "part_nodes": parts}
        session.finish({**size, **rest, **about})
        return
    numbers = {name: texts.number(count) for name, count in size.items()}
    session.say("cli.network", length=texts.number(length_km), crs=network.crs, **numbers)
    source = about.get("source")
    if isinstance(source, dict) and "season" in about:
        session.say(
            "network.source",
            file=source.get("file", "?"),
            season=texts(f"network.season_{about['season']}"),
            attribution=about.get("attribution", ""),
            licence=about.get("licence", ""),
        )
        if "data_date" in source:
            session.say("network.data_date", date=source["data_date"])
    if about.get("edits"):
        session.say("network.edits", edits=encode_json(about["edits"]))
    if len(parts) > 1:
        others = ", ".join(texts.number(nodes) for nodes in parts[1 : 1 + SHOWN_PARTS])
        more = ", …" if len(parts) > 1 + SHOWN_PARTS else ""
        session.say(
            "network.parts",
            parts=texts.number(len(parts)),
            largest=texts.number(parts[0]),
            others=others + more,
        )
    counts = {name: count for name, count in dict(about.get("counts", {})).items() if count}
    if counts:
        labels = texts.family("network.count_")
        first = [name for name in _ORDER if name in counts]
        rows = [
            (str(labels.get(name, name)), texts.number(counts[name]))
            for name in (*first, *sorted(counts.keys() - set(first)))
        ]
        session.table("", (texts("network.found"), texts("network.count")), rows)


def _show_trips(session: Session, frame: gpd.GeoDataFrame) -> None:
    """Print time and length of every trip."""
    texts, plain = session.texts, frame.drop(columns="geometry")
    if session.as_json:
        session.finish(plain)
        return
    header = [texts(f"cli.trip_{name}") for name in ("from", "to", "min", "km")]
    rows = [
        (
            str(row[0]),
            str(row[1]),
            *(
                (texts.number(row.travel_min, decimals=1), texts.number(row.length_km, decimals=1))
                if row.travel_min == row.travel_min
                else (texts("cli.no_way"), "")
            ),
        )
        for row in plain.head(SHOWN).itertuples(index=False)
    ]
    session.table("", header, rows)
    if len(plain) > SHOWN:
        session.print(texts.count("cli.more_trips", len(plain) - SHOWN))


def _write_layer(frame: gpd.GeoDataFrame, path: Path, provenance: dict[str, Any]) -> None:
    """Write a layer, whole or not at all; GeoJSON in degrees, with where the roads come from."""
    from socaccess.encoding import write_layer
    from socaccess.files import write_aside, write_file

    about = {
        name: str(provenance[name]) for name in ("attribution", "licence") if name in provenance
    }
    if path.suffix.lower() == ".geojson":
        frame = frame.to_crs("EPSG:4326")
        frame["geometry"] = frame.geometry.set_precision(1e-7, mode="pointwise")
        content = {**about, **json.loads(frame.to_json(drop_id=True))}
        write_file(path, encode_json(content) + "\n")
        return
    with write_aside(path) as aside:
        write_layer(frame, aside, layer="routes", metadata=about)
