"""Elements of the map as Overpass answers them, and as an OpenStreetMap file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from socaccess.sources._download_error import DownloadError, show_foreign

__all__ = ["Elements"]

_KINDS = ("node", "way", "relation")
_LARGEST_ID = 2**53


class Elements:
    """Nodes, ways and relations gathered from several answers, each once."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[int, str]] = {kind: {} for kind in _KINDS}

    def __len__(self) -> int:
        return sum(map(len, self._lines.values()))

    def add(self, body: bytes, host: str) -> None:
        """Take the elements of one answer.

        Raises
        ------
        DownloadError
            If it is no answer of Overpass, or says that it is not whole.
        """
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            raise DownloadError("other_kind", {"kind": "json"}) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
            raise DownloadError("answer", {"host": host})
        if answer.get("remark"):
            # Overpass answers 200 with what it has when time or memory runs out.
            values = {"host": host, "remark": show_foreign(answer["remark"])}
            raise DownloadError("remark", values)
        try:
            for element in answer["elements"]:
                self._lines[element["type"]][_read_id(element["id"])] = _draw(element)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise DownloadError("answer", {"host": host}) from None

    def write(self, path: Path) -> None:
        """Write everything as OpenStreetMap XML, in the order files have: kinds, then ids."""
        with path.open("w", encoding="utf-8", newline="\n") as stream:
            stream.write('<?xml version="1.0" encoding="UTF-8"?>\n')
            stream.write('<osm version="0.6" generator="socaccess, from Overpass">\n')
            for kind in _KINDS:
                for _, line in sorted(self._lines[kind].items()):
                    stream.write(line)
            stream.write("</osm>\n")


def _draw(element: dict[str, Any]) -> str:
    """Return an element as XML."""
    kind, number = element["type"], _read_id(element["id"])
    inside = []
    attributes = f'id="{number}" version="1"'
    if kind == "node":
        lat, lon = float(element["lat"]), float(element["lon"])
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise ValueError("no place on earth")
        attributes += f' lat="{lat:.7f}" lon="{lon:.7f}"'
    elif kind == "way":
        inside = [f'<nd ref="{_read_id(node)}"/>' for node in element.get("nodes", [])]
    else:
        for member in element.get("members", []):
            if member["type"] not in _KINDS:
                raise ValueError("no kind of member")
            role = _quote(member.get("role", ""))
            inside.append(
                f'<member type="{member["type"]}" ref="{_read_id(member["ref"])}" role={role}/>'
            )
    for key, value in sorted(element.get("tags", {}).items()):
        inside.append(f"<tag k={_quote(key)} v={_quote(value)}/>")
    return f"<{kind} {attributes}>{''.join(inside)}</{kind}>\n"


def _read_id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _LARGEST_ID:
        raise ValueError("no id")
    return value


def _quote(text: object) -> str:
    """Return a text as an XML attribute; a space for letters XML forbids and their like."""
    return quoteattr("".join(letter if letter.isprintable() else " " for letter in str(text)))
