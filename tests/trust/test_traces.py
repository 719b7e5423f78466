"""What readers ask of the system, C libraries included: no request, no process, no other file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tools._readers import READERS

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)$")
OWN = (sys.prefix, sys.base_prefix, str(Path(__file__).parents[2]),
       "/proc/", "/sys/", "/dev/", "/lib", "/usr/lib", "/usr/share", "/etc/ld.so",
       f"{tempfile.gettempdir()}/socaccess-")  # fmt: skip
"""Modules, kernels, databases of coordinates, what the system says of itself, our own scratch."""
SETTINGS = ("/proj.ini", "/proj.db", "/grids")
"""PROJ looks for settings of its own wherever its user may keep them."""


def find_trespasses(trace: str, folder: str) -> dict[str, list[str]]:
    """Return, by reader, the calls that reach beyond the file that was named."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in trace.splitlines():
        call = CALL.match(line)
        if not call:
            continue
        what, rest = call.groups()
        marked = re.search(r'"/mark/(\w+)/(begin|end)"', rest)
        if marked:
            name = marked[1] if marked[2] == "begin" else ""
            found.setdefault(marked[1], [])
        elif name and is_trespass(what, rest, folder):
            found[name].append(line)
    return found


def is_trespass(what: str, rest: str, folder: str) -> bool:
    if what in ("open", "openat", "openat2", "creat", "truncate", "unlink", "rename"):
        named = re.search(r'"((?:[^"\\]|\\.)*)"', rest)
        path = os.path.normpath(named[1]) if named else ""
        # A relative name is one inside a folder that is open already, or the working folder.
        settings = f"/{path}".endswith(SETTINGS)
        return bool(path) and not settings and not path.startswith((folder, *OWN))
    if what in ("clone", "clone3", "fork", "vfork"):
        return "CLONE_THREAD" not in rest
    return what in ("execve", "execveat", "connect", "bind", "sendto", "sendmsg", "listen") or (
        what == "socket" and "AF_UNIX" not in rest
    )


def test_trespasses_are_seen():
    trace = "\n".join((
        'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3',
        'openat(AT_FDCWD, "/mark/csv/begin", O_RDONLY) = -1 ENOENT',
        'openat(AT_FDCWD, "/box/input.csv", O_RDONLY) = 3',
        '[pid 12] openat(AT_FDCWD, "/box/../etc/passwd", O_RDONLY) = 3',
        "socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 4",
        "12 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 9",
        "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID) = 9",
        'execve("/bin/sh", ["sh"], 0x7) = 0',
        'openat(AT_FDCWD, "/mark/csv/end", O_RDONLY) = -1 ENOENT',
        'execve("/bin/sh", ["sh"], 0x7) = 0',
    ))  # fmt: skip
    found = find_trespasses(trace, "/box")
    assert list(found) == ["csv"]
    assert [line.split("(")[0] for line in found["csv"]] == [
        "[pid 12] openat", "socket", "clone", "execve"]  # fmt: skip


def test_readers_ask_for_nothing_but_their_file(tmp_path):
    """Every reader: valid and cut files, foreign formats, what once broke one."""
    folder, trace = tmp_path / "reading", tmp_path / "trace"
    folder.mkdir()
    canary = tmp_path / "canary.geojson"
    canary.write_text('{"type": "FeatureCollection", "features": []}')
    tracing = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        str(trace),
        "-s",
        "400",
        "-e",
        "trace=%network,%process,open,openat,openat2,creat,truncate,unlink,rename",
    ]
    probe = subprocess.run([*tracing, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"strace may not trace here: {probe.stderr[:80]}")
    subprocess.run(
        [*tracing, sys.executable, Path(__file__).with_name("traced_readers.py"), folder, canary,
         "http://127.0.0.1:9"],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    found = find_trespasses(trace.read_text("utf-8", "replace"), str(folder))
    assert set(found) == set(READERS)
    assert {name: calls for name, calls in found.items() if calls} == {}
