"""Compressed answers, unpacked a little at a time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

__all__ = ["ENCODINGS", "Unpacker"]

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
