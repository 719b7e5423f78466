"""Compare lengths on the embedded network with published road distances between towns.

Usage: python tools/compare_roads.py FILE.csv [--all]

FILE.csv has the columns `from` and `to` (names of towns or parishes), `km` (published distance;
rows without one are left out), and may have `by_road` (`yes` where the source says that it means
the road) and `car_minutes_low`, `car_minutes_high` (published driving times). It prints one line
per pair that differs by more than the tolerance (`--all`: every pair) with the straight line
between the two, what lies below the straight line, a summary for all pairs and for those by road,
every driving time, how far the times are off, how far any one scale of all speeds could
bring them, and how much of the time between all settlements is modelled.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from socaccess.errors import InputError, Problem
from socaccess.network import RoadNetwork
from socaccess.schemas import suggest_names
from socaccess.sources.settlements import load_settlements
from socaccess.travel import travel_times

TOLERANCE = 0.12
"""Share by which a length may differ (inclusive)."""

SCALES = np.linspace(0.85, 1.15, 301)
"""By what all times may be multiplied at once."""
OUTLIERS = 2
"""So many driving times, those farthest off, are left out of a second figure."""
NEAR_MIN = (5, 90)
"""Settlements so many minutes apart count for what is modelled (inclusive)."""

# The capital stands in the data as its neighbourhoods: its point is the centre's.
CAPITAL, CENTRE = "Rīga", "RIX-centrs"


def list_points() -> dict[str, str]:
    """Return the settlement of each name: the town, else the unit whose centre is called so."""
    settlements = load_settlements()
    towns = settlements[settlements["kind"].isin(["city", "town"])]
    units = settlements[settlements["centre"].notna()]
    ids = dict(zip(units["centre"], units["settlement_id"], strict=True))
    ids.update(zip(towns["name"], towns["settlement_id"], strict=True))
    return {**ids, CAPITAL: CENTRE}


def read_published(path: Path) -> pd.DataFrame:
    """Return the published pairs with a distance: `from`, `to`, `km`, `by_road` (flag)."""
    table = pd.read_csv(path, encoding="utf-8")
    missing = [name for name in ("from", "to", "km") if name not in table]
    if missing:
        raise InputError(
            "schemas.column_missing", where=path.name, missing=missing, given=list(table)
        )
    table = table[table["km"].notna()].reset_index(drop=True)
    by_road = table["by_road"] if "by_road" in table else pd.Series("", index=table.index)
    return table[["from", "to", "km"]].assign(by_road=by_road == "yes")


def read_times(path: Path) -> pd.DataFrame:
    """Return the published driving times: `from`, `to`, `km` (their middle, in minutes)."""
    table = pd.read_csv(path, encoding="utf-8")
    if not {"car_minutes_low", "car_minutes_high"} <= set(table):
        return pd.DataFrame({"from": [], "to": [], "km": []})
    minutes = table[["car_minutes_low", "car_minutes_high"]].mean(axis=1, skipna=False)
    return table.assign(km=minutes)[["from", "to", "km"]].dropna().reset_index(drop=True)


def compare(published: pd.DataFrame, network: RoadNetwork | None = None) -> pd.DataFrame:
    """Return the pairs of known places with what the network says of them.

    Adds `network_km`, `travel_min`, `modelled_share` (of the time), `straight_km`, `ratio`
    (network to published) and `close` (within `TOLERANCE`).
    """
    ids = list_points()
    known = published["from"].isin(ids) & published["to"].isin(ids)
    published = published[known].reset_index(drop=True)
    names = sorted({*published["from"], *published["to"]})
    settlements = load_settlements().set_index("settlement_id")
    places = settlements.loc[[ids[name] for name in names]].reset_index()
    times = travel_times(network or RoadNetwork.main_roads(), places, places, lengths=True)
    assert times.length_m is not None and times.modelled_share is not None
    position = {name: number for number, name in enumerate(names)}
    origin = published["from"].map(position).to_numpy()
    destination = published["to"].map(position).to_numpy()
    xy = np.stack([places.geometry.x, places.geometry.y], axis=1)
    network_km = times.length_m[origin, destination] / 1000
    ratio = network_km / published["km"].to_numpy(dtype=float)
    return published.assign(
        network_km=network_km,
        travel_min=times.travel_min[origin, destination],
        modelled_share=times.modelled_share[origin, destination],
        straight_km=np.hypot(*(xy[origin] - xy[destination]).T) / 1000,
        ratio=ratio,
        close=np.abs(ratio - 1) <= TOLERANCE,
    )


def name_unknown(published: pd.DataFrame) -> list[tuple[str, Problem]]:
    """Return the pairs that hold a name which is no place of the data, and what that is."""
    ids, found = list_points(), []
    for begin, end in zip(published["from"], published["to"], strict=True):
        for name in [one for one in (begin, end) if one not in ids][:1]:
            near = suggest_names(name, list(ids), most=1)
            code = "study.unknown_settlement_near" if near else "study.unknown_settlement"
            found.append((f"{begin}-{end}", Problem(code, name=name, near=near)))
    return found


def summarise(compared: pd.DataFrame, label: str) -> str:
    """Return one line on the pairs: how many are close, and the ratios."""
    low, middle, high = compared["ratio"].quantile([0.05, 0.5, 0.95])
    return (
        f"{label}: {int(compared['close'].sum())} of {len(compared)} within {TOLERANCE:.0%}, "
        f"{compared['ratio'].sub(1).abs().mean():.1%} off on average; "
        f"network to published: median {middle:.2f}, nine in ten {low:.2f} to {high:.2f}"
    )


def summarise_times(times: pd.DataFrame) -> list[str]:
    """Return lines on driving times: how far they are off, and what one scale of them could do."""
    off = (times["travel_min"] / times["km"] - 1).to_numpy()
    scaled = np.abs(SCALES[:, None] * (1 + off) - 1)  # (scales, times)
    best = int(np.argmin(scaled.mean(axis=1)))
    lines = [
        (
            f"{len(off)} driving times: {np.abs(off).mean():.1%} off on average, "
            f"{np.median(np.abs(off)):.1%} in the middle, level {np.median(off):+.1%}; "
            f"no one scale brings them below {scaled[best].mean():.1%} (times x {SCALES[best]:.3f})"
        )
    ]
    if len(off) > OUTLIERS:
        kept = np.sort(np.abs(off))[:-OUTLIERS].mean()
        lines.append(f"without the {OUTLIERS} farthest off: {kept:.1%}")
    return lines


def summarise_modelled(network: RoadNetwork) -> str:
    """Return one line on how much of the time between settlements is modelled."""
    places = load_settlements()
    times = travel_times(network, places, places, lengths=True)
    assert times.modelled_share is not None and times.street_share is not None
    near = (times.travel_min >= NEAR_MIN[0]) & (times.travel_min <= NEAR_MIN[1])
    minutes = times.travel_min[near]
    modelled, streets = (
        np.average(share[near], weights=minutes)
        for share in (times.modelled_share, times.street_share)
    )
    return (
        f"between settlements {NEAR_MIN[0]} to {NEAR_MIN[1]} minutes apart {modelled:.1%} of the "
        f"time is modelled: streets {streets:.1%}, links {modelled - streets:.1%}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the comparison; 1 when the file cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--all", action="store_true", help="every pair, not only those that differ")
    options = parser.parse_args(arguments)
    try:
        network = RoadNetwork.main_roads()
        published = read_published(options.file)
        lost = name_unknown(published)
        if len(published) == len(lost):
            raise InputError([problem for _, problem in lost])
        compared = compare(published, network)
        times = read_times(options.file)
        times = compare(times, network) if len(times) else times
    except (InputError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for pair, problem in lost:
        print(f"{pair}: left out, {problem.text('en')}")
    print("pair                      published  network  straight  minutes  modelled  ratio")
    for row in compared.itertuples():
        if options.all or not row.close:
            pair = f"{compared['from'][row.Index]}-{row.to}"
            print(
                f"{pair:26}{row.km:6.0f} km{row.network_km:6.0f} km{row.straight_km:7.0f} km"
                f"{row.travel_min:9.0f}{row.modelled_share:9.0%}{row.ratio:8.2f}"
                f"{'  by road' if row.by_road else ''}"
            )
    print(summarise(compared, "all pairs"))
    if compared["by_road"].any():
        print(summarise(compared[compared["by_road"]], "said to be by road"))
    short = compared[compared["km"] < compared["straight_km"]]
    for row in short.itertuples():
        pair = f"{short['from'][row.Index]}-{row.to}"
        print(f"{pair}: {row.km:.0f} km is less than the straight line of {row.straight_km:.0f} km")
    if len(times):
        print("driving time              published  network  length  ratio")
        # `km` holds the published minutes here, so `ratio` of the lengths means nothing.
        times["ratio"] = times["travel_min"] / times["km"]
        for row in times.sort_values("ratio", kind="stable").itertuples():
            pair = f"{times['from'][row.Index]}-{row.to}"
            print(
                f"{pair:22}{row.km:5.0f} min{row.travel_min:5.0f} min"
                f"{row.network_km:5.0f} km{row.ratio:7.2f}"
            )
        print("\n".join(summarise_times(times)))
    print(summarise_modelled(network))
    return 0


if __name__ == "__main__":
    sys.exit(main())
