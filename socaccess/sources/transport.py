"""One question to one server: to hosts we allow, with an end to every wait and every size."""

from __future__ import annotations

import os
import queue
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from socaccess.errors import InputError, Problem, SocAccessError
from socaccess.messages import Message
from socaccess.version import VERSION

if TYPE_CHECKING:
    import requests

__all__ = [
    "ENCODINGS",
    "CutOffError",
    "DownloadError",
    "Limits",
    "Reply",
    "Unpacker",
    "is_offline",
    "open_address",
    "require_connection",
    "show_foreign",
]

USER_AGENT = f"socaccess/{VERSION} (study of access to social services; one request at a time)"
OFFLINE_VARIABLE = "SOCACCESS_OFFLINE"
CHUNK_BYTES = 1 << 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MOVED = (301, 302, 303, 307, 308)
SMALL_BYTES = 1_000_000
"""Up to this size any ratio of compression is harmless."""


@dataclass(frozen=True)
class Limits:
    """How long to wait, how much to take and how often to ask again.

    Parameters
    ----------
    connect_s, read_s
        Longest wait for a connection, and for the next bytes of an answer, in seconds.
    total_s
        Longest time for a whole file, repeated attempts and pauses included.
    max_bytes
        Largest file, as it is stored (inclusive).
    max_unpacked_bytes, max_ratio
        Largest content of a compressed answer or an archive, and how many times larger than its
        packed form it may be (only asked beyond a megabyte).
    max_members
        Most files in an archive.
    tries
        How often an attempt is made in all when a server is busy or a connection breaks.
    pause_s
        First pause between attempts; each further one is twice as long.
    longest_pause_s
        A server that asks to wait longer (`Retry-After`) is not waited for.
    redirects
        Most redirections followed.

    Examples
    --------
    >>> Limits(total_s=0)
    Traceback (most recent call last):
        ...
    socaccess.errors.InputError: limits: total_s must be above 0, got 0
    """

    connect_s: float = 10.0
    read_s: float = 30.0
    total_s: float = 3600.0
    max_bytes: int = 2_000_000_000
    max_unpacked_bytes: int = 4_000_000_000
    max_ratio: float = 200.0
    max_members: int = 1000
    tries: int = 4
    pause_s: float = 1.0
    longest_pause_s: float = 120.0
    redirects: int = 5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0 and name not in ("pause_s", "redirects"):
                raise InputError(
                    "downloads.limit_not_positive", where="limits", name=name, value=value
                )


class CutOffError(Exception):
    """A connection that ended before its answer did; whoever asked may ask again."""


@dataclass
class Reply:
    """What a server answered; `chunks` gives the body as it comes.

    Parameters
    ----------
    address
        Where the answer came from, after redirections.
    status
        The HTTP status.
    headers
        By names in lower case.
    """

    address: str
    status: int
    headers: Mapping[str, str]
    _read: Callable[[int], bytes]
    _limits: Limits
    _deadline: float
    _host: str = field(init=False)

    def __post_init__(self) -> None:
        self._host = name_host(self.address)

    @property
    def stated_bytes(self) -> int | None:
        """Length of the body as sent, where the server states one."""
        text = self.headers.get("content-length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    @property
    def packed(self) -> bool:
        """Whether the body is sent compressed."""
        return self._encoding not in ("", "identity")

    @property
    def _encoding(self) -> str:
        return self.headers.get("content-encoding", "").strip().lower()

    def chunks(self) -> Iterator[bytes]:
        """Give the body in pieces, unpacked.

        Raises
        ------
        CutOffError
            If the connection breaks.
        DownloadError
            If time, size or ratio of compression run out.
        """
        came = given = 0
        try:
            for chunk, pieces in self._unpack():
                came += len(chunk)
                if came > self._limits.max_bytes:
                    raise too_large(self._host, self._limits.max_bytes)
                for piece in pieces:
                    given += len(piece)
                    if given > self._limits.max_unpacked_bytes or (
                        given > SMALL_BYTES and given > came * self._limits.max_ratio
                    ):
                        raise DownloadError("downloads.bomb", host=self._host)
                    yield piece
        except zlib.error:
            raise self._not_readable() from None

    def _next(self) -> bytes:
        if time.monotonic() > self._deadline:
            raise took_too_long(self._host, self._limits.total_s)
        return self._read(CHUNK_BYTES)

    def _unpack(self) -> Iterator[tuple[bytes, Iterable[bytes]]]:
        """Give each chunk as it came with the pieces it unpacks to."""
        if not self.packed:
            while chunk := self._next():
                yield chunk, (chunk,)
            return
        if self._encoding not in ENCODINGS:
            raise self._not_readable()
        unpacker = Unpacker(CHUNK_BYTES)
        while chunk := self._next():
            yield chunk, unpacker.feed(chunk)
        yield b"", (unpacker.finish(),)
        if not unpacker.whole:
            raise CutOffError("packed content ends before its end")

    def _not_readable(self) -> DownloadError:
        return DownloadError(
            "downloads.encoding", host=self._host, encoding=show_foreign(self._encoding)
        )


def is_offline(offline: bool = False) -> bool:
    """Return whether no connection may be made: as told, or because `SOCACCESS_OFFLINE` says so."""
    stated = os.environ.get(OFFLINE_VARIABLE, "").strip().lower()
    return offline or stated not in ("", "0", "false", "no", "off")


def require_connection(offline: bool) -> None:
    """Raise `DownloadError` where no connection may be made."""
    if is_offline(offline):
        raise DownloadError("downloads.offline")


def name_host(address: str) -> str:
    """Return the host of an address, fit to be shown."""
    try:
        return show_foreign(urlsplit(address).hostname or address)
    except ValueError:
        return show_foreign(address)


def check_address(address: str, hosts: Collection[str]) -> None:
    """Raise `DownloadError` unless the address is https to one of `hosts`, without a password.

    Plain http goes to this machine only.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise DownloadError("downloads.address", address=show_foreign(address)) from None
    if not host or parts.username is not None or parts.scheme not in ("http", "https"):
        raise DownloadError("downloads.address", address=show_foreign(address))
    if parts.scheme == "http" and host not in LOOPBACK:
        raise DownloadError("downloads.plain", address=show_foreign(address))
    if host not in hosts:
        raise DownloadError("downloads.elsewhere", host=show_foreign(host), hosts=sorted(hosts))


@contextmanager
def open_address(
    address: str,
    hosts: Collection[str],
    *,
    limits: Limits,
    deadline: float,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Reply]:
    """Ask for an address and give the answer, redirections to allowed hosts followed.

    Parameters
    ----------
    address
        Where to ask.
    hosts
        Hosts that may answer.
    limits
        Time and size.
    deadline
        When everything must be over, by `time.monotonic`.
    headers
        Further headers of the question.

    Raises
    ------
    DownloadError
        If the server cannot be reached, is not allowed or takes too long.
    CutOffError
        If the connection breaks.
    """
    import requests

    session = requests.Session()
    # Passwords kept for other programs (.netrc) are none of ours to send.
    session.auth = lambda request: request
    response: Any = None
    try:
        for _ in range(limits.redirects + 1):
            check_address(address, hosts)
            session.trust_env = urlsplit(address).hostname not in LOOPBACK
            response = _ask(session, address, headers or {}, limits, deadline)
            if response.status_code not in MOVED or "location" not in response.headers:
                break
            address = urljoin(address, response.headers["location"])
            response.close()
        else:
            raise DownloadError(
                "downloads.loop", host=name_host(address), redirects=limits.redirects
            )
        names = {name.lower(): value for name, value in response.headers.items()}
        read = make_reader(response, limits, name_host(address))
        yield Reply(address, response.status_code, names, read, limits, deadline)
    finally:
        if response is not None:
            response.close()
        session.close()


def _ask(
    session: requests.Session,
    address: str,
    headers: Mapping[str, str],
    limits: Limits,
    deadline: float,
) -> Any:
    """Return the head of an answer.

    Each line of a head may come just before the wait for it ends, for ever: so it is awaited
    from outside, until the deadline.
    """
    sent = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity", **headers}
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(
                session.get(
                    address,
                    headers=sent,
                    stream=True,
                    allow_redirects=False,
                    timeout=(limits.connect_s, limits.read_s),
                )
            )
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    host = name_host(address)
    try:
        answer = answers.get(timeout=max(deadline - time.monotonic(), 0.001))
    except queue.Empty:
        raise took_too_long(host, limits.total_s) from None
    if isinstance(answer, Exception):
        raise explain_failure(answer, host, limits)
    return answer


def explain_failure(error: Exception, host: str, limits: Limits) -> Exception:
    """Return what an error of requests means to us: a `DownloadError` or `CutOffError`."""
    import requests
    from requests.adapters import ProtocolError

    if isinstance(error, requests.exceptions.ReadTimeout):
        return DownloadError("downloads.silent", host=host, seconds=limits.read_s)
    if isinstance(error, requests.exceptions.SSLError):
        return DownloadError("downloads.certificate", host=host)
    if isinstance(error, requests.exceptions.ConnectionError):
        broke = error.args and isinstance(error.args[0], ProtocolError)
        return CutOffError() if broke else DownloadError("downloads.unreachable", host=host)
    return DownloadError("downloads.answer", host=host)


def make_reader(response: Any, limits: Limits, host: str) -> Callable[[int], bytes]:
    """Return a function that reads the body of an answer of requests, packed as it came."""
    from requests.adapters import ReadTimeoutError
    from requests.exceptions import BaseHTTPError

    def read(count: int) -> bytes:
        try:
            # What is there, not what was asked for: a dripping server must not hold us.
            return bytes(response.raw.read1(count, decode_content=False) or b"")
        except ReadTimeoutError:
            raise DownloadError("downloads.silent", host=host, seconds=limits.read_s) from None
        except (BaseHTTPError, OSError) as error:
            raise CutOffError(str(error)) from None

    return read


def too_large(host: str, max_bytes: int) -> DownloadError:
    """Return the error of a file beyond the limit."""
    return DownloadError("downloads.too_large", host=host, megabytes=max_bytes / 1e6)


def took_too_long(host: str, total_s: float) -> DownloadError:
    """Return the error of a file that came too slowly."""
    return DownloadError("downloads.slow", host=host, seconds=total_s)


ENCODINGS = ("gzip", "x-gzip", "deflate")
"""What we can unpack."""


class Unpacker:
    """Unpacks gzip or zlib, never more than a piece at a time.

    Parameters
    ----------
    piece_bytes
        Largest piece given.

    Examples
    --------
    >>> import gzip
    >>> packed, unpacker = gzip.compress(b"Dagda") + gzip.compress(b"Ludza"), Unpacker(3)
    >>> b"".join([*unpacker.feed(packed[:20]), *unpacker.feed(packed[20:]), unpacker.finish()])
    b'DagdaLudza'
    >>> unpacker.whole
    True
    """

    def __init__(self, piece_bytes: int) -> None:
        self.piece_bytes = piece_bytes
        self._decoder = self._start()

    @staticmethod
    def _start() -> zlib._Decompress:
        return zlib.decompressobj(wbits=47)  # gzip or zlib, whichever stands there

    @property
    def whole(self) -> bool:
        """Whether what came ends where its own end is."""
        return self._decoder.eof

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Give what a chunk unpacks to; raise `zlib.error` for what is not packed so."""
        while chunk:
            if self._decoder.eof:
                # One after another in one answer: they count as one.
                self._decoder = self._start()
            yield self._decoder.decompress(chunk, self.piece_bytes)
            chunk = self._decoder.unconsumed_tail or self._decoder.unused_data

    def finish(self) -> bytes:
        """Return the few bytes that may still be on their way out."""
        return self._decoder.flush()


SHOWN_LETTERS = 120


class DownloadError(SocAccessError, OSError):
    """A file that could not be fetched; what the cache held before is still there.

    Parameters
    ----------
    problems
        What happened: a code of the section `downloads`.
    by_hand
        `page`, `file` and `folder`: where a person finds the file and where it goes.
    values
        What the sentence shows: host, seconds, status.

    Examples
    --------
    >>> error = DownloadError("downloads.status", host="example.org", status=404)
    >>> print(error)
    example.org answered 404: it has no such file, or does not give it
    """

    def __init__(
        self,
        problems: str | Sequence[Problem],
        /,
        by_hand: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        self.by_hand = dict(by_hand or {})
        super().__init__(problems, **values)

    @property
    def reason(self) -> str:
        """What happened: the code without its section."""
        return self.code.removeprefix("downloads.")

    def text(self, lang: str) -> str:
        """Return the line in one language, with how to do without the download."""
        line = super().text(lang)
        if not self.by_hand:
            return line
        return f"{line}; {Message('downloads.by_hand', **self.by_hand).text(lang)}"

    def with_advice(self, by_hand: Mapping[str, str]) -> DownloadError:
        """Return the same error that also says how to place the file by hand."""
        return DownloadError(self.problems, by_hand)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.by_hand), {"lang": self.lang}


def show_foreign(text: object) -> str:
    """Return what a server said as one short printable line.

    Examples
    --------
    >>> show_foreign("a" + chr(27) + "[2J")
    'a?[2J'
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return line if len(line) <= SHOWN_LETTERS else line[: SHOWN_LETTERS - 3] + "..."
