from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from socaccess.maps import save_map
from socaccess.study import StudyResult

from .world import build_world, release_world

UNUSED = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup",
    "SpareRendererForSitePerProcess",
)  # fmt: skip
"""What Chromium would load for each window: the list under its address bar, a process to spare."""


@pytest.fixture(scope="session")
def world() -> SimpleNamespace:
    return build_world()


@pytest.fixture(scope="session")
def page_path(world: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_map(release_world(world), tmp_path_factory.mktemp("map") / "map.html", lang="lv")


@pytest.fixture(scope="session")
def latgale_page(latgale: StudyResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_map(latgale.released, tmp_path_factory.mktemp("page") / "map.html", lang="lv")


@pytest.fixture(scope="session")
def chromium() -> str:
    pytest.importorskip("playwright.sync_api")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium on this machine")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(chromium: str, playwright: Any) -> Iterator[Any]:
    args = ["--no-sandbox", f"--disable-features={','.join(UNUSED)}"]
    running = playwright.chromium.launch(executable_path=chromium, args=args)
    yield running
    running.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a file with the network off; the page remembers requests and messages."""
    contexts = []

    def open_file(
        path: Path,
        *,
        size: tuple[int, int] = (1280, 800),
        wait: bool = True,
        init: str | None = None,
        **options: Any,
    ) -> Any:
        context = browser.new_context(
            offline=True,
            viewport={"width": size[0], "height": size[1]},
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.requested, page.messages = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on("console", lambda message: page.messages.append(message.text))
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        if init:
            page.add_init_script(init)
        page.goto(path.as_uri())
        if wait:
            # Not by a function: the page's policy lets no text become a script.
            page.wait_for_selector("#status-message[hidden]", state="attached")
        return page

    yield open_file
    for context in contexts:
        context.close()
