"""What all tests share: no network, the files beside the project, one finished study."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from socaccess.study import Study, StudyResult

ROOT = Path(__file__).resolve().parents[1]

# Scripts of a planner that mypy reads (tests/package/test_wheel.py): no tests, one is wrong use.
collect_ignore = ["package/typed_script.py", "package/wrong_script.py"]

# Commands speak Latvian on every machine the tests run on.
os.environ["SOCACCESS_LANG"] = "lv"

# The same examples every time, and few enough for a laptop.
settings.register_profile(
    "project",
    derandomize=True,
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("project")


class NoNetworkError(RuntimeError):
    """A test reached for the network."""


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket of the file system
    host = str(address[0])
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Answer every connection and every look-up of a name beyond this machine by an error."""
    patch = pytest.MonkeyPatch()
    connect, connect_ex, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def refuse(address: object) -> None:
        if not _is_loopback(address):
            raise NoNetworkError(f"a test tried to reach {address}")

    def guarded_connect(self: socket.socket, address: object) -> None:
        refuse(address)
        connect(self, address)  # type: ignore[arg-type]

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        refuse(address)
        return connect_ex(self, address)  # type: ignore[arg-type]

    def guarded_look_up(host: object, *args: object, **options: object) -> object:
        if host is not None:
            refuse((host.decode() if isinstance(host, bytes) else host,))
        return look_up(host, *args, **options)  # type: ignore[arg-type]

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def no_cache() -> Iterator[None]:
    """Keep nothing in the folder of whoever runs the tests."""
    patch = pytest.MonkeyPatch()
    patch.setenv("SOCACCESS_CACHE", "")
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference files that lie beside the project; tests that ask carry the mark `shared`."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference files that lie beside the project are absent")
    return folder


@pytest.fixture(scope="session")
def latgale() -> StudyResult:
    """The finished study of Latgale as its DI plan knew it."""
    return Study.load("latgale", view="plan").run()
