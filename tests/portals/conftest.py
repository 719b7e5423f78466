"""A server, a cache and limits short enough for a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from socaccess.sources.downloads import Cache, Limits, Remote
from socaccess.sources.portals import OverpassService
from tests.portals.overpass_server import serve_overpass
from tests.portals.servers import Server, serve

QUICK = Limits(connect_s=2, read_s=1, total_s=5, pause_s=0.01, tries=3, longest_pause_s=2)


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOCACCESS_OFFLINE", raising=False)
    monkeypatch.setenv("SOCACCESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def remote(server: Server) -> Callable[..., Remote]:
    def make(path: str = "/file.csv", kind: str = "csv", **options: object) -> Remote:
        values = {
            "name": "numbers",
            "address": server.address + path,
            "kind": kind,
            "file": f"numbers.{kind}",
            "hosts": ("127.0.0.1",),
            "page": "https://example.org/numbers",
            "endings": (f".{kind}",),
        }
        return Remote(**(values | options))

    return make


@pytest.fixture
def overpass(server: Server) -> OverpassService:
    serve_overpass(server)
    return OverpassService(f"{server.address}/api", f"{server.address}/where/", query_s=5)


def list_content(cache: Cache) -> dict[str, bytes]:
    """Return what the cache holds, without its lock and what could be continued."""
    return {
        path.relative_to(cache.folder).as_posix(): path.read_bytes()
        for path in sorted(cache.folder.rglob("*"))
        if path.is_file() and path.name != ".lock" and "partial" not in path.parts
    }
