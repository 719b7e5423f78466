"""An Overpass and a Nominatim on this machine that know one invented place."""

from __future__ import annotations

import json
import urllib.parse

import shapely

from tests.portals.servers import Server, give, send

# A cross of two roads near Ludza, one of them one-way, and three facilities; all invented.
NODES = [(1, 56.54, 27.70), (2, 56.54, 27.71), (3, 56.54, 27.72), (4, 56.55, 27.71),
         (5, 56.53, 27.71)]  # fmt: skip
ROADS = [{"type": "node", "id": n, "lat": lat, "lon": lon} for n, lat, lon in NODES] + [
    {"type": "way", "id": 11, "nodes": [1, 2, 3], "tags": {"highway": "primary", "maxspeed": "90"}},
    {"type": "way", "id": 12, "nodes": [5, 2, 4], "tags": {"highway": "tertiary", "oneway": "yes"}},
]
FACILITIES = [
    {"type": "node", "id": 21, "lat": 56.54, "lon": 27.71, "tags": {
        "amenity": "social_facility", "social_facility": "group_home",
        "social_facility:for": "mental_health", "name": 'Grupu māja "Cerība" <b>&'}},
    {"type": "node", "id": 22, "lat": 56.53, "lon": 27.72},
    {"type": "node", "id": 23, "lat": 56.55, "lon": 27.74},
    {"type": "way", "id": 24, "nodes": [22, 23], "tags": {
        "amenity": "nursing_home", "name": "Pansionāts\u0000\u200e"}},
    {"type": "relation", "id": 25, "tags": {"social_facility": "workshop",
                                            "social_facility:for": "disabled"},
     "members": [{"type": "way", "ref": 24, "role": "outer"}]},
]  # fmt: skip
FREE = b"Connected as: 1\nCurrent time: now\nRate limit: 2\n2 slots available now.\n"
AREA = shapely.box(27.69, 56.52, 27.75, 56.56)
PLACE = [{"osm_type": "relation", "osm_id": 1, "lat": "56.5", "lon": "27.7", "class": "boundary",
          "type": "administrative", "display_name": "Ludza", "importance": 0.5, "place_rank": 1,
          "addresstype": "town", "name": "Ludza", "boundingbox": ["56.5", "56.6", "27.6", "27.8"],
          "geojson": shapely.geometry.mapping(AREA)}]  # fmt: skip


def serve_overpass(server: Server) -> None:
    """Answer what osmnx asks, and keep its questions in `server.queries`."""
    server.queries = []

    def interpret(handler):
        length = int(handler.headers["Content-Length"])
        form = urllib.parse.parse_qs(handler.rfile.read(length).decode())
        query = form["data"][0]
        server.queries.append(query)
        answers = {"ferry": [], "highway": ROADS, "social_facility": FACILITIES}
        elements = next(answer for word, answer in answers.items() if word in query)
        send(handler, json.dumps({"version": 0.6, "elements": elements}).encode())

    server.routes["/api/interpreter"] = interpret
    server.routes["/api/status"] = give(FREE)
    server.routes["/where/search"] = give(json.dumps(PLACE).encode())
