"""Take the pictures of the map that stand in the documentation.

`python docs/screenshots/take_screenshots.py` runs the Latgale study and opens its
map in Chromium with the network off.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

import socaccess as sa
from socaccess.documents.annex import write_annex

FOLDER = Path(__file__).parent
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
SERVICE = "dac_ft"


def choose_service(page: Any) -> None:
    """Show one service alone."""
    number = page.evaluate(
        "(id) => window.socaccess.model.services.findIndex((s) => s.id === id)", SERVICE
    )
    page.select_option("#service", str(number))


def suggestions(page: Any) -> None:
    """Show what to build first."""
    page.click("#build button >> nth=0")


def worst(page: Any) -> None:
    """Show the page of the municipality with the lowest share."""
    page.click("#tab-place")
    page.click("#municipality-rows button >> nth=0")


def settlement(page: Any) -> None:
    """Show one settlement and the way to its nearest facility."""
    choose_service(page)
    page.click("#tab-place")
    page.fill("#search", "dagda")
    page.locator("#search-list [role=option]").first.click()


def areas(page: Any) -> None:
    """Show the service areas of one service with what is planned."""
    choose_service(page)
    page.check("#scenario-1", force=True)
    page.click("#tab-data")
    page.check("#layer-areas")


def nothing(page: Any) -> None:
    """Leave the map as it opens."""


PICTURES: tuple[tuple[str, dict[str, int], str, Callable[[Any], None]], ...] = (
    ("map-light", DESK, "light", nothing),
    ("map-dark", DESK, "dark", nothing),
    ("map-service-suggestions", DESK, "light", suggestions),
    ("map-municipality", DESK, "light", worst),
    ("map-settlement", DESK, "light", settlement),
    ("map-areas", DESK, "light", areas),
    ("map-areas-dark", DESK, "dark", areas),
    ("map-phone", PHONE, "light", nothing),
    ("map-phone-dark", PHONE, "dark", worst),
)


def main() -> None:
    """Take them all."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("no Chromium on this machine")
    result = sa.Study.load("latgale").run()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        path = sa.save_map(result, Path(scratch) / "latgale.html", lang="lv")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for name, size, scheme, act in PICTURES:
            context = browser.new_context(
                offline=True,
                viewport=size,
                color_scheme=scheme,
                reduced_motion="reduce",
                has_touch=size is PHONE,
                is_mobile=size is PHONE,
            )
            page = context.new_page()
            page.goto(path.as_uri())
            page.wait_for_function("window.socaccess.ready")
            act(page)
            page.wait_for_timeout(300)
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        page = browser.new_context(offline=True).new_page()
        page.goto(path.as_uri())
        page.wait_for_function("window.socaccess.ready")
        sheet = Path(scratch) / "sheet.pdf"
        page.pdf(path=sheet, prefer_css_page_size=True, print_background=True)
        browser.close()
        annex = write_annex(result, Path(scratch) / "annex.pdf", lang="lv")
        for name, document, number in (("map-print-a4", sheet, 1), ("annex-service", annex, 5)):
            if shutil.which("pdftoppm"):
                command = ["pdftoppm", "-singlefile", "-f", str(number), "-r", "110", "-png"]
                subprocess.run([*command, str(document), str(FOLDER / name)], check=True)
    for picture in FOLDER.glob("*.png"):
        shrink(picture)


def shrink(picture: Path) -> None:
    """Save a picture with 256 colours: a third of the bytes, and no difference to see."""
    from PIL import Image

    Image.open(picture).convert("RGB").quantize(256, kmeans=1, dither=Image.Dither.NONE).save(
        picture, optimize=True
    )


if __name__ == "__main__":
    main()
