"""Who of Riga gets to a day centre by ten and is home the same day: the timetable of October 2019.

    python -m benchmarks.riga_by_bus                      # the feed from beside the project
    python -m benchmarks.riga_by_bus --riga riga.zip --day 2019-10-09

Facilities are today's, the timetable is of 2019: an example of the method, not an answer for today.
The last three journeys are told stop by stop, to be compared with the timetable.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.transit import RIGA

SERVICES = ("dac_grt", "dac_ft")


def ask_riga(feed: Path, day: dt.date) -> tuple[Any, Any, Any]:
    """Return points where people live, with persons and neighbourhood; centres; the days."""
    import socaccess as sa
    from socaccess.sources.services import load_facilities
    from socaccess.sources.settlements import load_people_points, load_settlements

    settlements = load_settlements()
    here = settlements[settlements["kind"] == "neighbourhood"].set_index("settlement_id")
    people = load_people_points()
    people = people[people["settlement_id"].isin(here.index)].reset_index(drop=True)
    people["persons"] = people["settlement_id"].map(here["population"]) * people["share"]
    people["name"] = people["settlement_id"].map(here["name"])
    facilities = load_facilities()
    centres = facilities[
        facilities["service"].isin(SERVICES)
        & (facilities["status"] == "operating")
        & facilities["settlement_id"].isin(here.index)
    ].drop_duplicates("geometry")
    trips = sa.return_trips(
        feed, people[["geometry"]].assign(id=np.arange(len(people))),
        centres.rename(columns={"facility_id": "id"})[["id", "geometry"]],
        open="10:00", stay_h=4, day=day,
    )  # fmt: skip
    return people, centres, trips


def main() -> None:
    from socaccess.transit import STATUSES

    parser = argparse.ArgumentParser()
    parser.add_argument("--riga", type=Path, default=RIGA)
    parser.add_argument("--day", type=dt.date.fromisoformat, default=dt.date(2019, 10, 9))
    asked = parser.parse_args()
    people, centres, trips = ask_riga(asked.riga, asked.day)
    persons = people["persons"]
    best = trips.best_per_home()
    whole = persons.sum()
    print(f"{asked.day}: {len(people)} points of {people['name'].nunique()} neighbourhoods, "
          f"{len(centres)} centres")  # fmt: skip
    for status in STATUSES:
        part = persons[best["status"] == status].sum()
        print(f"{status}: {part:,.0f} of {whole:,.0f} people ({part / whole:.2%})")
    same_day = best["status"] == "same_day"
    order = best["out_min"][same_day].sort_values().index
    reached = persons[order].cumsum() / persons[order].sum()
    for share in (0.5, 0.9):
        minutes = best["out_min"][reached.index[np.searchsorted(reached, share)]]
        print(f"{share:.0%} of these are there within {minutes:.0f} min")
    print(f"{persons[best['rides_out'] == 0].sum() / whole:.1%} of the people walk all the way")
    longest = best[same_day].nlargest(3, "away_h").index
    for home in longest:
        place = int(trips.pick_best()[home])
        print(f"\nfrom {people['name'][home]}:")
        print(trips.journey(home, place).to_string(index=False))


if __name__ == "__main__":
    main()
