"""Servers on this machine that behave and misbehave; each ends by itself."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONGEST_S = 20.0


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the route of its path says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        route = self.server.routes.get(self.path.partition("?")[0])
        if route is None:
            send(self, b"no such file", status=404)
            return
        try:
            route(self)
        except OSError:
            self.close_connection = True  # whoever asked went away

    do_POST = do_GET

    def log_message(self, *words: object) -> None:
        pass

    @property
    def range_start(self) -> int | None:
        text = self.headers.get("Range", "")
        return int(text.removeprefix("bytes=").rstrip("-")) if text else None

    def drip(self, pieces: Iterator[bytes], pause_s: float) -> None:
        """Send pieces with pauses, until the server or our patience ends."""
        end = time.monotonic() + LONGEST_S
        for piece in pieces:
            if self.server.stopped.wait(pause_s) or time.monotonic() > end:
                break
            self.wfile.write(piece)
            self.wfile.flush()
        self.close_connection = True


Route = Callable[[Handler], None]


class Server(http.server.ThreadingHTTPServer):
    """Routes by path, and what was asked."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, routes: dict[str, Route]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes = dict(routes)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stopped = threading.Event()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *words: object) -> None:
        pass


@contextmanager
def serve(routes: dict[str, Route] | None = None) -> Iterator[Server]:
    server = Server(routes or {})
    thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def send(
    handler: Handler,
    body: bytes,
    *,
    status: int = 200,
    kind: str = "text/csv",
    headers: dict[str, str] | None = None,
    stated: int | None = None,
) -> None:
    """Answer in one go; `stated` is a Content-Length that need not be true."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body) if stated is None else stated))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
    if stated is not None and stated != len(body):
        handler.close_connection = True


def give(body: bytes, **options: object) -> Route:
    return lambda handler: send(handler, body, **options)


def redirect(to: str) -> Route:
    return lambda handler: send(handler, b"", status=302, headers={"Location": to})


class Resumable:
    """A file served with ranges, cut off after some bytes the first times it is asked for."""

    def __init__(self, body: bytes, *, cuts: int = 0, cut_at: int = 0, etag: str = '"v1"') -> None:
        self.body, self.cuts, self.cut_at, self.etag = body, cuts, cut_at, etag
        self.headers: dict[str, str] = {}

    def __call__(self, handler: Handler) -> None:
        start = handler.range_start
        same = handler.headers.get("If-Range") == self.etag
        marks = {"ETag": self.etag, "Accept-Ranges": "bytes", **self.headers}
        if start is not None and same:
            rest = self.body[start:]
            marks["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            self.give(handler, rest, 206, marks)
        else:
            self.give(handler, self.body, 200, marks)

    def give(self, handler: Handler, body: bytes, status: int, marks: dict[str, str]) -> None:
        if self.cuts > 0:
            self.cuts -= 1
            send(handler, body[: self.cut_at], status=status, headers=marks, stated=len(body))
        else:
            send(handler, body, status=status, headers=marks)
