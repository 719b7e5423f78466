"""Take the pictures of the map that stand in the documentation, or of every region.

`python docs/screenshots/take_screenshots.py` runs the Latgale study and opens its map in
Chromium with the network off; the pictures replace those beside this file.
`--all` writes the first screen of all five regions instead into `regions` beside this file:
1440x900, 1366x768 and 390x844, light and dark, Latvian and English, as WebP; it says what of
finding, gaps and what to build does not fit on it, and how large the pictures are together.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import socaccess as sa
from socaccess.documents.annex import write_annex
from socaccess.sources.boundaries import REGIONS

FOLDER = Path(__file__).parent
DESK, LAPTOP, PHONE = (1440, 900), (1366, 768), (390, 844)
SERVICE = "dac_ft"
FIRST_SCREEN = ("#finding h1", "#gaps li:last-child", "#build li:last-child")


def suggestions(page: Any) -> None:
    """Show what to build first."""
    page.click("#build button >> nth=0")


def worst(page: Any) -> None:
    """Show the page of the municipality with the lowest share."""
    page.click("#tab-place")
    page.click("#municipality-rows button >> nth=0")


def settlement(page: Any) -> None:
    """Show one settlement and the way to its nearest facility."""
    number = page.evaluate(
        "(id) => window.socaccess.model.services.findIndex((s) => s.id === id)", SERVICE
    )
    page.select_option("#service", str(number))
    page.click("#tab-place")
    page.fill("#search", "dagda")
    page.locator("#search-list [role=option]").first.click()


def whatif(page: Any) -> None:
    """Close the first facility of the region and add the best place."""
    page.click("#tab-whatif")
    page.evaluate("document.getElementById('whatif-list').open = true")
    page.click("#whatif-facilities button >> nth=0")
    page.click("#whatif-best")
    page.evaluate("document.getElementById('whatif-list').open = false")
    page.evaluate("document.getElementById('message').textContent = ''")


def nothing(page: Any) -> None:
    """Leave the map as it opens."""


PICTURES: tuple[tuple[str, tuple[int, int], str, str, Callable[[Any], None]], ...] = (
    ("map-light", DESK, "light", "lv", nothing),
    ("map-dark", LAPTOP, "dark", "lv", nothing),
    ("map-english", LAPTOP, "light", "en", nothing),
    ("map-service-suggestions", LAPTOP, "light", "lv", suggestions),
    ("map-municipality", LAPTOP, "light", "lv", worst),
    ("map-settlement", LAPTOP, "light", "lv", settlement),
    ("map-what-if", LAPTOP, "light", "lv", whatif),
    ("map-what-if-dark", LAPTOP, "dark", "en", whatif),
    ("map-phone", PHONE, "light", "lv", nothing),
    ("map-phone-dark", PHONE, "dark", "lv", worst),
    ("map-phone-what-if", PHONE, "light", "lv", whatif),
)


@contextmanager
def opened(browser: Any, path: Path, size: tuple[int, int], scheme: str) -> Iterator[Any]:
    """Give a map as a reader sees it, with the network off."""
    context = browser.new_context(
        offline=True,
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        has_touch=size is PHONE,
        is_mobile=size is PHONE,
    )
    page = context.new_page()
    page.goto(path.as_uri())
    # Watched in words, not by a function: the page's policy lets no text become a script.
    page.wait_for_selector("#status-message[hidden]", state="attached")
    yield page
    context.close()


def take_all(browser: Any, folder: Path, scratch: Path) -> None:
    """Take the first screen of every region, size, scheme and language."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for region in REGIONS:
        released = sa.Study.load(region).run().released
        for lang in ("lv", "en"):
            path = sa.save_map(released, scratch / f"{region}-{lang}.html", lang=lang)
            for size in (DESK, LAPTOP, PHONE):
                for scheme in ("light", "dark"):
                    name = f"{region}-{lang}-{size[0]}x{size[1]}-{scheme}.webp"
                    with opened(browser, path, size, scheme) as page:
                        page.screenshot(path=scratch / "first.png")
                        # A region where nothing is worth building has no such list.
                        there = [one for one in FIRST_SCREEN if page.locator(one).count()]
                        boxes = [page.locator(one).bounding_box() for one in there]
                    lowest = max(box["y"] + box["height"] for box in boxes if box)
                    verdict = "fits" if lowest <= size[1] else f"ends at {lowest:.0f}"
                    sys.stdout.write(f"{name}: {verdict}\n")
                    sys.stdout.flush()
                    Image.open(scratch / "first.png").save(folder / name, quality=60, method=6)
    total = sum(picture.stat().st_size for picture in folder.glob("*.webp"))
    sys.stdout.write(f"{total / 1e6:.2f} MB\n")


def take_selection(browser: Any, scratch: Path) -> None:
    """Take the pictures of the documentation."""
    result = sa.Study.load("latgale").run()
    paths = {lang: sa.save_map(result, scratch / f"{lang}.html", lang=lang)
             for lang in ("lv", "en")}  # fmt: skip
    for name, size, scheme, lang, act in PICTURES:
        with opened(browser, paths[lang], size, scheme) as page:
            act(page)
            page.wait_for_timeout(300)
            page.screenshot(path=FOLDER / f"{name}.png")
    sheet = scratch / "sheet.pdf"
    with opened(browser, paths["lv"], DESK, "light") as page:
        page.pdf(path=sheet, prefer_css_page_size=True, print_background=True)
    annex = write_annex(result, scratch / "annex.pdf", lang="lv")
    for name, document, number in (("map-print-a4", sheet, 1), ("annex-service", annex, 5)):
        if shutil.which("pdftoppm"):
            command = ["pdftoppm", "-singlefile", "-f", str(number), "-r", "100", "-png"]
            subprocess.run([*command, str(document), str(FOLDER / name)], check=True)
    for name in [*(picture[0] for picture in PICTURES), "map-print-a4", "annex-service"]:
        shrink(FOLDER / f"{name}.png")


def shrink(picture: Path) -> None:
    """Save a picture with 128 colours: a third of the bytes, and hardly a difference to see."""
    from PIL import Image

    if picture.exists():
        image = Image.open(picture).convert("RGB")
        image.quantize(128, kmeans=1, dither=Image.Dither.NONE).save(picture, optimize=True)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every region")
    options = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no Chromium on this machine")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if options.all:
            take_all(browser, FOLDER / "regions", Path(scratch))
        else:
            take_selection(browser, Path(scratch))
        browser.close()


if __name__ == "__main__":
    main()
