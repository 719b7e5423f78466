"""Size and time of the exported map, next to folium and geopandas `.explore()`.

`python benchmarks/maps.py [--browser] [sizes ...]` where a size is settlements x
municipalities x services, for example 151x21x21. Writes a table and, last, one line
of JSON. Seconds are CPU seconds of this process; with `--browser`, `ready_s` is the
time from opening the file to a usable map in headless Chromium with the network off.

`--regions latgale latvia` measures the maps of studies instead: size, time to a usable map,
and in Chromium the time of one change of "what if", everything redrawn (100 changes of two
new sites: median, 95th percentile, worst).

folium and geopandas draw one service in one scenario; our file holds all of them.
Neither of theirs opens without a network, so only size and time to write compare.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from socaccess.maps import explore, save_map

WORLD = Path(__file__).resolve().parent.parent / "tests" / "maps" / "world.py"
SIZES = ("151x21x21", "7000x119x21", "100000x119x1")


def load_world() -> Any:
    """Return the tests' module of the invented region of any size, and of its release."""
    spec = importlib.util.spec_from_file_location("world", WORLD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["world"] = module
    spec.loader.exec_module(module)
    return module


def measure(write: Callable[[Path], object], path: Path) -> dict[str, float]:
    started = time.process_time()
    write(path)
    return {
        "seconds": round(time.process_time() - started, 2),
        "megabytes": round(path.stat().st_size / 1e6, 3),
    }


def write_geopandas(world: Any, path: Path) -> None:
    cover = world.settlement_coverage
    now = cover[(cover["service"] == "service_0") & (cover["scenario"] == "now")]
    table = world.settlements[world.settlements["located"]].merge(
        now[["settlement_id", "travel_min", "status", "facility_id"]], on="settlement_id"
    )
    base = world.municipalities.explore(column="population", tiles=None)
    table.explore(column="status", m=base, tooltip=["name", "travel_min", "facility_id"])
    base.save(str(path))


def ready_seconds(path: Path) -> float | None:
    """Return seconds until the map can be used, the better of two, or None without Chromium."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return None
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for _ in range(2):
            page = browser.new_context(offline=True).new_page()
            page.goto(path.as_uri())
            page.wait_for_selector("#status-message[hidden]", state="attached", timeout=60_000)
            found.append(page.evaluate("window.socaccess.ready_ms") / 1000)
        browser.close()
    return round(min(found), 2)


CHANGES = """() => {
  const s = window.socaccess, times = [], n = s.data.settlements.name.length;
  const add = (place) => ({ kind: 'add', service: s.state.service, place });
  for (let i = 0; i < 100; i++) {
    s.scenario.amend([add((i * 37) % n), add((i * 61 + 7) % n)]);
    const begun = performance.now();
    s.redrawFigures();
    times.push(performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return [50, 95, 99].map((at) => Math.round(times[at] * 10) / 10);
}"""


def measure_region(region: str, folder: Path) -> dict[str, Any]:
    """Return size, seconds and milliseconds of the map of a region that ships."""
    from playwright.sync_api import sync_playwright

    import socaccess as sa

    released = sa.Study.load(region).run().released
    path = folder / f"{region}.html"
    row: dict[str, Any] = {"region": region}
    row |= measure(lambda target: save_map(released, target), path)
    row["ready_s"] = ready_seconds(path)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        return row
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri())
        page.wait_for_selector("#status-message[hidden]", state="attached", timeout=60_000)
        page.click("#tab-whatif")
        row["change_ms"] = page.evaluate(CHANGES)
        browser.close()
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=SIZES)
    parser.add_argument("--browser", action="store_true", help="time it in Chromium too")
    parser.add_argument("--ours", action="store_true", help="leave the others out")
    parser.add_argument("--regions", nargs="+", default=[], help="measure maps of studies")
    options = parser.parse_args()
    if options.regions:
        with tempfile.TemporaryDirectory() as scratch:
            rows = [measure_region(region, Path(scratch)) for region in options.regions]
        print(json.dumps({"benchmark": "maps", "rows": rows}))
        return
    invented = load_world()
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for size in options.sizes:
            world = invented.build_world(*(int(part) for part in size.split("x")))
            # Counts are protected once for all files of a run: not the map's own work.
            shown = invented.release_world(world)
            writers: dict[str, Callable[[Path], object]] = {
                "socaccess": lambda path, shown=shown: save_map(shown, path),
                "folium": lambda path, shown=shown: explore(shown, "service_0").save(str(path)),
                "geopandas": lambda path, world=world: write_geopandas(world, path),
            }
            for name, write in writers.items():
                if options.ours and name != "socaccess":
                    continue
                path = Path(scratch) / f"{name}.html"
                row: dict[str, Any] = {"size": size, "map": name, **measure(write, path)}
                if name == "socaccess" and options.browser:
                    row["ready_s"] = ready_seconds(path)
                rows.append(row)
                print(
                    f"{size:>14} {name:>10} {row['megabytes']:8.2f} MB {row['seconds']:7.2f} s"
                    + (f"   ready {row['ready_s']} s" if "ready_s" in row else "")
                )
    print(json.dumps({"benchmark": "maps", "rows": rows}))


if __name__ == "__main__":
    main()
