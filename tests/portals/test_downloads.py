"""Downloads from servers that behave and misbehave: one clear line, and the cache as it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from email.utils import formatdate
from pathlib import Path

import pytest

from socaccess.errors import InputError, SocAccessError
from socaccess.sources.downloads import (
    Cache,
    DownloadError,
    Limits,
    fetch_file,
    fetch_json,
    unpack_layers,
)
from socaccess.sources.portals.fetching import list_stock
from tests.portals.conftest import QUICK, list_content
from tests.portals.servers import Resumable, give, redirect, send, serve

GOOD = b"code,persons\n0034000,5\n"
OLD = b"code,persons\n0034000,4\n"
LONG = b"code,persons\n" + b"".join(b"%07d,1\n" % number for number in range(20_000))
PAGE = b"\xef\xbb\xbf\n<!DOCTYPE html><html><body>Log in</body></html>"


def make_zip(members: dict[str, bytes], **options: object) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


# ---- servers that behave --------------------------------------------------------------------


def test_a_file_is_fetched_once_and_told_about(server, cache, remote):
    server.routes["/file.csv"] = give(GOOD, headers={"ETag": '"v1"'})
    first = fetch_file(remote(details={"licence": "CC0 1.0"}), cache, limits=QUICK)
    assert first.path.read_bytes() == GOOD
    assert (first.bytes, first.sha256) == (len(GOOD), hashlib.sha256(GOOD).hexdigest())
    assert (first.etag, first.details) == ('"v1"', (("licence", "CC0 1.0"),))
    assert first.date == time.strftime("%Y-%m-%d", time.gmtime())
    assert fetch_file(remote(), cache, limits=QUICK) == first
    assert cache.find("numbers", (".csv",)) == first
    assert first.is_whole()
    assert len(server.asked) == 1
    sent = server.asked[0][1]
    assert sent["User-Agent"].startswith("socaccess/")
    assert sent["Accept-Encoding"] == "identity"
    assert "Authorization" not in sent


def test_refreshing_replaces_and_leaves_one_file(server, cache, remote):
    server.routes["/file.csv"] = give(OLD)
    fetch_file(remote(), cache, limits=QUICK)
    server.routes["/file.csv"] = give(GOOD)
    entry = fetch_file(remote(), cache, limits=QUICK, refresh=True)
    assert entry.path.read_bytes() == GOOD
    assert sum(path.name == "numbers.csv" for path in cache.folder.rglob("*")) == 1


def test_a_changed_file_of_the_cache_is_noticed(server, cache, remote):
    server.routes["/file.csv"] = give(GOOD)
    entry = fetch_file(remote(), cache, limits=QUICK)
    entry.path.write_bytes(OLD)
    assert not cache.find("numbers", (".csv",)).is_whole()
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == GOOD
    assert len(server.asked) == 2


def test_a_compressed_answer_is_unpacked(server, cache, remote):
    server.routes["/file.csv"] = give(gzip.compress(LONG), headers={"Content-Encoding": "gzip"})
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == LONG


def send_unmeasured(content: bytes):
    """Answer as old servers do: the end of the connection is the end of the content."""

    def route(handler):
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = True

    return route


@pytest.mark.parametrize("count", [0, 1, 65_535, 65_536, 65_537, 300_000])
def test_a_compressed_answer_of_any_size_comes_whole(server, cache, remote, count):
    body = GOOD + b"0" * count
    parts = gzip.compress(body[:50_000]) + gzip.compress(body[50_000:])
    server.routes["/file.csv"] = send_unmeasured(parts)
    limits = Limits(max_ratio=10_000, pause_s=0.01)
    assert fetch_file(remote(), cache, limits=limits).path.read_bytes() == body


def test_half_a_compressed_answer_is_noticed(server, cache, remote):
    """There is no length to compare with: the content itself tells that its end is missing."""
    packed = gzip.compress(LONG)
    server.routes["/file.csv"] = send_unmeasured(packed[: len(packed) // 2])
    with pytest.raises(DownloadError, match="broke each time"):
        fetch_file(remote(), cache, limits=QUICK)
    assert list_content(cache) == {}


def test_redirects_to_known_places_are_followed(server, cache, remote):
    server.routes["/file.csv"] = redirect("/there.csv")
    server.routes["/there.csv"] = redirect(f"{server.address}/here.csv")
    server.routes["/here.csv"] = give(GOOD)
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == GOOD


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256"])
def test_the_hash_a_publisher_states_is_compared(server, cache, remote, kind):
    server.routes["/file.csv"] = give(GOOD)
    digest = hashlib.new(kind, GOOD).hexdigest().upper()
    fetch_file(remote(digest=digest), cache, limits=QUICK)
    with pytest.raises(DownloadError, match=f"does not have the {kind}"):
        fetch_file(remote(digest="0" * len(digest)), cache, limits=QUICK, refresh=True)


def test_progress_is_told_in_bytes(server, cache, remote):
    server.routes["/file.csv"] = give(LONG)
    told = []
    fetch_file(remote(), cache, limits=QUICK, progress=lambda *step: told.append(step))
    assert told[-1] == (len(LONG), len(LONG))
    assert told == sorted(told)


# ---- cut off and continued ------------------------------------------------------------------


def test_a_file_cut_off_is_continued_in_the_same_call(server, cache, remote):
    server.routes["/file.csv"] = Resumable(LONG, cuts=2, cut_at=50_000)
    entry = fetch_file(remote(), cache, limits=QUICK)
    assert entry.path.read_bytes() == LONG
    asked = [headers.get("Range") for _, headers in server.asked]
    assert asked == [None, "bytes=50000-", "bytes=100000-"]
    assert server.asked[1][1]["If-Range"] == '"v1"'
    assert not cache.partial_folder("numbers").exists()


def test_a_file_cut_off_is_continued_in_the_next_call(server, cache, remote):
    file = Resumable(LONG, cuts=3, cut_at=30_000)
    server.routes["/file.csv"] = file
    with pytest.raises(DownloadError, match="goes on where it stopped") as caught:
        fetch_file(remote(), cache, limits=QUICK)
    assert caught.value.reason == "cut_off"
    assert list_content(cache) == {}
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == LONG
    assert server.asked[-1][1]["Range"] == "bytes=90000-"


@pytest.mark.parametrize("obeys", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_anew(server, cache, remote, obeys):
    """Whether or not the server knows what If-Range means, no mixture of versions comes about."""
    server.routes["/file.csv"] = Resumable(LONG, cuts=3, cut_at=30_000)
    with pytest.raises(DownloadError):
        fetch_file(remote(), cache, limits=QUICK)
    other = LONG[::-1].replace(b"\n", b" ")
    changed = Resumable(other, etag='"v2"')
    if obeys:
        server.routes["/file.csv"] = changed
    else:

        def ignore(handler):
            start = handler.range_start
            if start is None:
                changed(handler)
            else:
                where = f"bytes {start}-{len(other) - 1}/{len(other)}"
                marks = {"ETag": '"v2"', "Content-Range": where}
                send(handler, other[start:], status=206, headers=marks)

        server.routes["/file.csv"] = ignore
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == other


@pytest.mark.parametrize(
    "where", ["bytes 0-9/10", "bytes 7-259999/260000", "bytes */260013", "nonsense", ""]
)
def test_a_wrong_part_is_never_joined(server, cache, remote, where):
    server.routes["/file.csv"] = Resumable(LONG, cuts=3, cut_at=30_000)
    with pytest.raises(DownloadError):
        fetch_file(remote(), cache, limits=QUICK)

    def lie(handler):
        if handler.range_start is None:
            send(handler, LONG)
        else:
            send(handler, LONG[7:], status=206, headers={"Content-Range": where})

    server.routes["/file.csv"] = lie
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == LONG


def test_what_is_complete_but_was_not_checked_is_not_fetched_again(server, cache, remote):
    server.routes["/file.csv"] = Resumable(LONG, cuts=3, cut_at=30_000)
    with pytest.raises(DownloadError):
        fetch_file(remote(), cache, limits=QUICK)
    (cache.partial_folder("numbers") / "numbers.csv").write_bytes(LONG)
    server.routes["/file.csv"] = give(b"", status=416)
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == LONG


def test_without_a_name_for_the_version_nothing_is_kept(server, cache, remote):
    file = Resumable(LONG, cuts=3, cut_at=30_000, etag='W/"weak"')
    server.routes["/file.csv"] = file
    with pytest.raises(DownloadError):
        fetch_file(remote(), cache, limits=QUICK)
    assert not cache.partial_folder("numbers").exists()
    assert all("Range" not in headers for _, headers in server.asked)


# ---- servers that misbehave -----------------------------------------------------------------


def drip_body(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.drip((b"x" for _ in range(100_000)), 0.02)


def drip_head(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.drip((b"X-Wait: 1\r\n" for _ in range(10_000)), 0.02)


def stay_silent(handler):
    handler.drip(iter(()), 0)
    handler.server.stopped.wait(4)


def go_silent(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(GOOD)
    handler.server.stopped.wait(4)


def bomb(handler):
    packed = gzip.compress(b"\0" * 30_000_000)
    send(handler, packed, headers={"Content-Encoding": "gzip"})


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.drip((b"0034000,5\n" * 10_000 for _ in range(1000)), 0)


SHORT = Limits(connect_s=2, read_s=0.3, total_s=0.8, pause_s=0.01, tries=2, longest_pause_s=2)
SMALL = Limits(max_bytes=1_000_000, pause_s=0.01, tries=2)

MISBEHAVING = {
    "drips": (drip_body, "slow", "has not sent the whole file within 0.8 s", SHORT),
    "drips its head": (drip_head, "slow", "has not sent the whole file within 0.8 s", SHORT),
    "is silent": (stay_silent, "silent", "has been silent for 0.3 s", SHORT),
    "falls silent": (go_silent, "silent", "has been silent for 0.3 s", SHORT),
    "cuts off": (give(GOOD, stated=10_000), "cut_off", "broke each time", QUICK),
    "closes at once": (
        lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
        "cut_off",
        "broke",
        QUICK,
    ),
    "is no http": (
        lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n\r\n"),
        "cut_off",
        "broke",
        QUICK,
    ),
    "redirects elsewhere": (
        redirect("https://example.org/evil.csv"),
        "elsewhere",
        "from example.org, which is not one of its known places",
        QUICK,
    ),
    "redirects to http": (redirect("http://example.org/f.csv"), "plain", "only https", QUICK),
    "redirects to a file": (redirect("file:///etc/passwd"), "address", "no address", QUICK),
    "redirects with a password": (
        redirect("http://a:b@127.0.0.1/f.csv"),
        "address",
        "no address",
        QUICK,
    ),
    "loops": (redirect("/bad.csv"), "loop", "keeps redirecting", QUICK),
    "sends a page": (give(PAGE, kind="text/csv"), "web_page", "is a web page", QUICK),
    "sends a picture": (give(b"\x89PNG\x00\x00"), "other_kind", "is not a csv file", QUICK),
    "sends an archive": (give(make_zip({"a": b"b"})), "other_kind", "not a csv", QUICK),
    "sends nothing": (give(b""), "empty", "is empty", QUICK),
    "has nothing": (give(b"gone", status=404), "status", "answered 404", QUICK),
    "forbids": (give(b"no", status=403), "status", "answered 403", QUICK),
    "is broken": (give(b"oh", status=500), "busy", "answered 500 each time", QUICK),
    "asks to come later": (
        give(b"", status=503, headers={"Retry-After": "3600"}),
        "later",
        "come back in 61 min",
        QUICK,
    ),
    "states a huge length": (
        lambda handler: send(handler, GOOD, stated=10**15),
        "too_large",
        "larger than the 2000 MB allowed",
        QUICK,
    ),
    "sends without end": (endless, "too_large", "larger than the 1 MB allowed", SMALL),
    "sends a bomb": (bomb, "bomb", "many times its size", QUICK),
    "packs strangely": (
        give(GOOD, headers={"Content-Encoding": "br"}),
        "encoding",
        r"cannot be read \(br\)",
        QUICK,
    ),
    "packs wrongly": (
        give(GOOD, headers={"Content-Encoding": "gzip"}),
        "encoding",
        r"cannot be read \(gzip\)",
        QUICK,
    ),
}


@pytest.mark.parametrize("name", MISBEHAVING)
def test_one_clear_line_and_the_cache_as_it_was(server, cache, remote, name):
    route, reason, message, limits = MISBEHAVING[name]
    server.routes["/file.csv"] = give(OLD, headers={"ETag": '"old"'})
    fetch_file(remote(), cache, limits=QUICK)
    before = list_content(cache)
    server.routes["/bad.csv"] = route
    begun = time.monotonic()
    with pytest.raises(DownloadError, match=message) as caught:
        fetch_file(remote("/bad.csv"), cache, limits=limits, refresh=True)
    assert time.monotonic() - begun < 15
    assert caught.value.reason == reason
    assert isinstance(caught.value, SocAccessError)
    assert isinstance(caught.value, OSError)
    for lang in ("en", "lv"):
        assert "\n" not in caught.value.text(lang)
        assert "https://example.org/numbers" in caught.value.text(lang)
        assert str(cache.folder_of("numbers")) in caught.value.text(lang)
    assert list_content(cache) == before
    assert not cache.partial_folder("numbers").exists()
    assert fetch_file(remote(), cache).path.read_bytes() == OLD


@pytest.mark.parametrize("stated", ["number", "date"])
def test_a_busy_server_is_asked_again_when_it_says(server, cache, remote, stated):
    times = []

    def route(handler):
        times.append(time.monotonic())
        if len(times) == 1:
            # A date is whole seconds: two ahead is at least one away.
            wait = "1" if stated == "number" else formatdate(time.time() + 2, usegmt=True)
            send(handler, b"", status=503, headers={"Retry-After": wait})
        else:
            send(handler, GOOD)

    server.routes["/file.csv"] = route
    limits = Limits(pause_s=0.01, longest_pause_s=10)
    assert fetch_file(remote(), cache, limits=limits).path.read_bytes() == GOOD
    assert times[1] - times[0] >= 0.9


def test_a_file_a_check_refuses_is_not_kept(server, cache, remote):
    server.routes["/file.csv"] = Resumable(OLD)
    fetch_file(remote(), cache, limits=QUICK)
    before = list_content(cache)
    server.routes["/file.csv"] = Resumable(GOOD)

    def refuse(path: Path) -> None:
        assert path.read_bytes() == GOOD
        raise InputError("numbers.csv: no column of codes")

    with pytest.raises(InputError, match="no column of codes"):
        fetch_file(remote(), cache, limits=QUICK, refresh=True, check=refuse)
    assert list_content(cache) == before
    assert not cache.partial_folder("numbers").exists()


def test_nobody_there(cache, remote):
    with serve() as gone:
        address = gone.address
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        fetch_file(remote(address=f"{address}/file.csv"), cache, limits=QUICK)
    assert caught.value.reason == "unreachable"


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://example.org:99999/a", "address"),
        ("https://[::1/a", "address"),
        ("ftp://127.0.0.1/a", "address"),
        ("127.0.0.1/a", "address"),
        ("https://user@127.0.0.1/a", "address"),
        ("http://192.0.2.1/a", "plain"),
        ("https://127.0.0.1.example.org/a", "elsewhere"),
    ],
)
def test_addresses_that_are_never_asked(cache, remote, address, reason):
    with pytest.raises(DownloadError) as caught:
        fetch_file(remote(address=address), cache, limits=QUICK)
    assert caught.value.reason == reason


# ---- archives -------------------------------------------------------------------------------

ARCHIVES = {
    "climbs": (make_zip({"../evil.shp": b"x"}), "outside"),
    "climbs within": (make_zip({"a/../../evil.shp": b"x"}), "outside"),
    "climbs on Windows": (make_zip({"..\\evil.shp": b"x"}), "outside"),
    "is absolute": (make_zip({"/etc/evil.shp": b"x"}), "outside"),
    "names a drive": (make_zip({"C:evil.shp": b"x"}), "outside"),
    "is a bomb": (make_zip({"a.shp": b"\0" * 30_000_000}), "archive_bomb"),
    "has a thousand files": (make_zip({f"{n}.shp": b"" for n in range(1001)}), "members"),
    "is cut short": (make_zip({"a.shp": LONG})[:-40], "broken_archive"),
    "is damaged": (make_zip({"a.shp": LONG}).replace(LONG[:40], b"?" * 40), None),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_not_opened(server, cache, remote, name):
    content, reason = ARCHIVES[name]
    if reason is None:
        middle = len(content) // 2
        content = (
            content[:middle]
            + bytes(255 - b for b in content[middle : middle + 9])
            + (content[middle + 9 :])
        )
        reason = "broken_archive"
    server.routes["/a.zip"] = give(content)
    with pytest.raises(DownloadError) as caught:
        fetch_file(remote("/a.zip", "zip"), cache, limits=QUICK)
    assert caught.value.reason == reason
    assert list_content(cache) == {}


def test_an_archive_states_its_size_untruly(tmp_path):
    """The stated size of a member is halved; what it really gives is counted."""
    content = make_zip({"a.shp": b"\0" * 3_000_000})
    lie = content.replace((3_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != content
    path = tmp_path / "a.zip"
    path.write_bytes(lie)
    with pytest.raises(DownloadError), unpack_layers(path):
        pass


def test_layers_are_unpacked_beside_nothing_else(tmp_path):
    path = tmp_path / "a.zip"
    path.write_bytes(make_zip({"x/a.shp": b"1", "y/a.shp": b"2", "y/read.me": b"3"}))
    with unpack_layers(path) as layers:
        assert [layer.read_bytes() for layer in layers] == [b"1", b"2"]
        folder = layers[0].parent.parent
        assert sum(found.is_file() for found in folder.rglob("*")) == 2
    assert not folder.exists()


# ---- without a network ----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_offline_forbids_every_connection(server, cache, remote, monkeypatch, how):
    server.routes["/file.csv"] = give(GOOD)
    offline = how == "argument"
    if how == "variable":
        monkeypatch.setenv("SOCACCESS_OFFLINE", "1")
    with pytest.raises(DownloadError, match="no connection may be made") as caught:
        fetch_file(remote(), cache, limits=QUICK, offline=offline)
    told = caught.value.text("lv")
    for part in ("savienojumi ir aizliegti", "numbers.csv", str(cache.folder_of("numbers"))):
        assert part in told
    with pytest.raises(DownloadError, match="no connection may be made"):
        fetch_json(f"{server.address}/file.csv", ("127.0.0.1",), offline=offline)
    assert server.asked == []
    assert not cache.folder.exists()


def test_a_file_placed_by_hand_goes_first_and_is_never_touched(server, cache, remote):
    server.routes["/file.csv"] = give(GOOD)
    fetch_file(remote(), cache, limits=QUICK)
    mine = cache.folder_of("numbers") / "my own.csv"
    mine.write_bytes(OLD)
    entry = fetch_file(remote(), cache, offline=True)
    assert (entry.path, entry.placed_by_hand) == (mine, True)
    with pytest.raises(DownloadError, match="placed by hand and is used"):
        fetch_file(remote(), cache, limits=QUICK, refresh=True)
    assert mine.read_bytes() == OLD
    (cache.folder_of("numbers") / "another.csv").write_bytes(OLD)
    with pytest.raises(InputError, match="several files lie here"):
        fetch_file(remote(), cache, offline=True)


def test_where_files_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("SOCACCESS_CACHE", str(tmp_path / "stated"))
    assert Cache().folder == tmp_path / "stated"
    assert Cache(tmp_path / "given").folder == tmp_path / "given"
    monkeypatch.setenv("SOCACCESS_CACHE", "")
    with pytest.raises(InputError, match="no folder to keep files in; name one with SOCACCESS"):
        Cache()
    assert all(item.entry is None for item in list_stock())
    monkeypatch.delenv("SOCACCESS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert Cache().folder == tmp_path / "xdg" / "socaccess"


@pytest.mark.parametrize("record", ["{", "[]", '{"path": 3}', '{"path": "../../x"}'])
def test_a_damaged_record_is_told(cache, record):
    folder = cache.folder_of("numbers")
    folder.mkdir(parents=True)
    (folder / "source.json").write_text(record)
    with pytest.raises(InputError, match="damaged"):
        cache.find("numbers", (".csv",))


def test_a_record_cannot_name_a_file_outside(server, cache, remote, tmp_path):
    server.routes["/file.csv"] = give(GOOD)
    fetch_file(remote(), cache, limits=QUICK)
    secret = tmp_path / "secret.csv"
    secret.write_bytes(OLD)
    record = cache.folder_of("numbers") / "source.json"
    text = record.read_text()
    start = text.index('"path": "') + 9
    end = text.index('"', start)
    record.write_text(text[:start] + "../../secret.csv" + text[end:])
    with pytest.raises(InputError, match="outside its folder"):
        cache.find("numbers", (".csv",))


# ---- the machine misbehaves -----------------------------------------------------------------

FETCH = """
import resource, signal, sys
# A job in the background is born deaf to Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
from socaccess.errors import SocAccessError
from socaccess.sources.downloads import Limits, Remote, fetch_file
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
remote = Remote("numbers", sys.argv[1], "csv", "numbers.csv", ("127.0.0.1",), endings=(".csv",))
try:
    print(fetch_file(remote, limits=Limits(pause_s=0.01)).sha256)
except SocAccessError as error:
    print(error.reason, file=sys.stderr)
    sys.exit(1)
"""


def start_fetching(*words: str) -> subprocess.Popen:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of POSIX")
def test_a_disk_that_takes_no_more(server, cache, remote):
    """The limit on file size stands for a full disk: the write fails half-way, for real."""
    server.routes["/file.csv"] = give(OLD)
    fetch_file(remote(), cache, limits=QUICK)
    before = list_content(cache)
    server.routes["/long.csv"] = Resumable(LONG)
    (cache.folder_of("numbers") / "source.json").unlink()
    process = start_fetching(f"{server.address}/long.csv", "100000")
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said.strip().splitlines()[-1]) == (1, "disk_full")
    before.pop("numbers/source.json")
    assert list_content(cache) == before
    assert not cache.partial_folder("numbers").exists()


def test_no_room_is_noticed_before_anything_is_written(server, cache, remote, monkeypatch):
    import shutil

    free = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    server.routes["/file.csv"] = give(LONG)
    with pytest.raises(DownloadError, match="no room in"):
        fetch_file(remote(), cache, limits=QUICK)
    assert list_content(cache) == {}


def test_a_cache_that_is_a_file(server, cache, remote):
    cache.folder.write_text("not a folder")
    with pytest.raises(DownloadError, match="cannot be written to"):
        fetch_file(remote(), cache, limits=QUICK)
    assert cache.folder.read_text() == "not a folder"


def test_two_processes_fetch_one_file_once(server, cache):
    server.routes["/file.csv"] = lambda handler: (time.sleep(0.5), send(handler, LONG))
    both = [start_fetching(f"{server.address}/file.csv") for _ in range(2)]
    said = [process.communicate(timeout=60) for process in both]
    digest = hashlib.sha256(LONG).hexdigest()
    assert [out.strip() for out, _ in said] == [digest, digest], said
    assert len(server.asked) == 1


def test_waiting_for_another_has_an_end(server, cache, remote):
    server.routes["/file.csv"] = give(GOOD)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Cache(cache.folder).lock(1):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    try:
        with pytest.raises(DownloadError, match="another socaccess is fetching"):
            fetch_file(remote(), cache, limits=Limits(total_s=0.3))
    finally:
        done.set()
        thread.join()
    assert server.asked == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_half_way_and_continued(server, cache, remote, how):
    """Ctrl-C, and the plug pulled: the cache is as it was, and the rest can be fetched."""

    def slow(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(LONG)))
        handler.send_header("ETag", '"v1"')
        handler.end_headers()
        handler.wfile.write(LONG[:100_000])
        handler.drip((b"" for _ in range(1000)), 0.05)

    server.routes["/file.csv"] = slow
    process = start_fetching(f"{server.address}/file.csv")
    part = cache.partial_folder("numbers") / "numbers.csv"
    end = time.monotonic() + 30
    while not (part.is_file() and part.stat().st_size >= 65_536) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert process.returncode
    if how == signal.SIGINT:
        assert "KeyboardInterrupt" in said
    assert list_content(cache) == {}
    server.routes["/file.csv"] = Resumable(LONG)
    assert fetch_file(remote(), cache, limits=QUICK).path.read_bytes() == LONG
    assert server.asked[-1][1]["Range"].startswith("bytes=")


def test_the_error_travels_between_processes():
    where = {"page": "p", "file": "f", "folder": "d"}
    error = DownloadError("downloads.status", where, host="h", status=404)
    again = pickle.loads(pickle.dumps(error))
    assert again.text("lv") == error.text("lv")
    assert again.reason == "status"
