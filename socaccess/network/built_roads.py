"""The embedded network as built when the data were: read at once instead of joined in a second.

`main_roads.network` beside this module is what `build_main_roads` makes of the embedded tables
with the default `LinkModel`; `tools/build_main_roads.py` writes it, and a test builds it anew. It
says what it was made from: after a change of the tables, or for other speeds, it is not used.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from socaccess.errors import NetworkFileError
from socaccess.network.file import load_network, save_network
from socaccess.network.roads import Roads
from socaccess.settings import LinkModel
from socaccess.sources.embedded import read_package

__all__ = ["BUILT", "open_built_roads", "save_built_roads"]

BUILT: Final = Path(__file__).with_name("main_roads.network")
"""The file that ships."""
_PACKAGES = ("roads", "settlements", "water")
_KEY = "made_from"


def open_built_roads(links: LinkModel, path: Path = BUILT) -> Roads | None:
    """Return the network of a file if it was made from the embedded tables and these `links`.

    None where it was made from others, or there is no whole file of this version.

    Examples
    --------
    >>> open_built_roads(LinkModel(main_kph=100)) is None
    True
    """
    try:
        roads = load_network(path)
    except NetworkFileError:
        return None
    provenance = dict(roads.provenance)
    if provenance.pop(_KEY, None) != _hash_inputs(links):
        return None
    return replace(roads, provenance=provenance)


def save_built_roads(roads: Roads, links: LinkModel, path: Path = BUILT) -> None:
    """Write the network that was built from the embedded tables and `links`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    made = {**roads.provenance, _KEY: _hash_inputs(links)}
    save_network(replace(roads, provenance=made), path)


def _hash_inputs(links: LinkModel) -> str:
    tables = {
        f"{name}/{resource['path']}": resource["hash"]
        for name in _PACKAGES
        for resource in read_package(name)["resources"]
    }
    inputs = json.dumps([tables, asdict(links)], sort_keys=True, default=str)
    return hashlib.sha256(inputs.encode()).hexdigest()
