"""Timetables in GTFS, the exchange format of public transport: read, checked, as arrays.

`read_feed` and `read_feeds` give a `Feed`; what one of them lacks stands in `Feed.findings`.
"""

from socaccess.sources.gtfs.feed import MAY_ALIGHT, MAY_BOARD, Feed, join_feeds
from socaccess.sources.gtfs.reading import read_feed, read_feeds

__all__ = ["MAY_ALIGHT", "MAY_BOARD", "Feed", "join_feeds", "read_feed", "read_feeds"]
