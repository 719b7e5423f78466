"""The open-data portal: which files a dataset has, and which of them is meant."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from socaccess.errors import InputError
from socaccess.i18n import fold
from socaccess.sources.downloads import fetch_json
from socaccess.sources.portals.catalogue import Source

__all__ = ["Resource", "choose_resource", "list_resources", "show_dataset"]

_KINDS = {
    "csv": ("csv",),
    "xlsx": ("xlsx", "spreadsheetml"),
    "zip": ("zip", "shp", "shapefile"),
    "json": ("json",),
}
_HASH = re.compile(r"(?:md5:|sha1:|sha256:)?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")
_NO_DATE = dt.date.min


@dataclass(frozen=True)
class Resource:
    """One file of a dataset.

    Parameters
    ----------
    name
        Its title.
    address
        Where it is.
    kind
        `csv`, `xlsx`, `zip`, `json`, or empty where we read none such.
    date
        The date its name tells, else when the portal last changed it.
    digest
        The hash the portal states, empty if it states none.
    """

    name: str
    address: str
    kind: str
    date: dt.date
    digest: str


def show_dataset(
    name: str,
    *,
    portal: str,
    hosts: Collection[str],
    offline: bool = False,
) -> dict[str, Any]:
    """Return what the portal tells of a dataset (`package_show`).

    Raises
    ------
    DownloadError
        If the portal does not answer, or with something else.
    InputError
        If its answer is not that of a CKAN.
    """
    address = f"{portal.rstrip('/')}/api/3/action/package_show?id={quote(name, safe='')}"
    answer = fetch_json(address, hosts, offline=offline)
    dataset = answer.get("result") if isinstance(answer, dict) and answer.get("success") else None
    if not isinstance(dataset, dict) or not isinstance(dataset.get("resources"), list):
        given = sorted(map(str, answer)) if isinstance(answer, dict) else []
        raise InputError("portals.answer_unknown", where=name, given=given)
    return dataset


def list_resources(dataset: Mapping[str, Any]) -> list[Resource]:
    """Return the files of a dataset that have an address, in the order of the portal."""
    resources = []
    for item in dataset["resources"]:
        if not isinstance(item, dict) or not _is_address(item.get("url")):
            continue
        if item.get("state", "active") != "active":
            continue
        file = item["url"].rpartition("/")[2]
        name = str(item.get("name") or file)
        digest = _HASH.fullmatch(str(item.get("hash") or "").strip().lower())
        stated = str(item.get("last_modified") or item.get("created") or "")[:10]
        resources.append(
            Resource(
                name=name,
                address=_secure(item["url"].strip()),
                kind=_name_kind(item),
                date=_read_date(name) or _read_date(file) or _read_iso(stated) or _NO_DATE,
                digest=digest[1] if digest else "",
            )
        )
    return resources


def choose_resource(resources: Sequence[Resource], source: Source, words: str = "") -> Resource:
    """Return the file of a dataset that is meant: by name, then the newest, then by kind.

    Parameters
    ----------
    resources
        What the dataset has.
    source
        What is looked for.
    words
        Words the name must contain instead of what the source prefers.

    Raises
    ------
    InputError
        If none fits, with what there is.
    """
    wanted = fold(words).split()

    def is_meant(resource: Resource) -> bool:
        text = fold(f"{resource.name} {resource.address.rpartition('/')[2]}")
        if resource.kind not in source.kinds:
            return False
        if wanted:
            return all(word in text for word in wanted)
        return not (source.without and re.search(source.without, text))

    def rank(resource: Resource) -> tuple[int, int, int]:
        text = fold(f"{resource.name} {resource.address.rpartition('/')[2]}")
        fits = [bool(re.search(pattern, text)) for pattern in source.words]
        order = fits.index(True) if True in fits else len(fits)
        kind = source.kinds.index(resource.kind)
        return (0 if wanted else order, -resource.date.toordinal(), kind)

    meant = [resource for resource in resources if is_meant(resource)]
    if not meant:
        there = [f"{each.name} ({each.kind or '?'})" for each in resources]
        if wanted:
            raise InputError(
                "portals.no_file_named", where=source.name, rows=there, words=words,
                kinds=source.kinds,
            )  # fmt: skip
        raise InputError("portals.no_file", where=source.name, rows=there, kinds=source.kinds)
    return min(meant, key=rank)


def _is_address(address: object) -> bool:
    try:
        return isinstance(address, str) and bool(urlsplit(address.strip()).hostname)
    except ValueError:
        return False


def _name_kind(item: Mapping[str, Any]) -> str:
    path = urlsplit(item["url"].strip()).path.lower()
    stated = fold(f"{item.get('format') or ''} {item.get('mimetype') or ''}")
    for kind in _KINDS:
        if path.endswith(f".{kind}"):
            return kind
    return next((kind for kind, marks in _KINDS.items() if any(m in stated for m in marks)), "")


def _secure(address: str) -> str:
    """Return an address as https: portals keep old links that begin with http."""
    host = urlsplit(address).hostname or ""
    local = host in ("127.0.0.1", "localhost", "::1")
    return address if local else re.sub(r"^http:", "https:", address)


def _read_date(name: str) -> dt.date | None:
    """Return the date in a file's name: 01072021, 2021-07-01, or a year alone."""
    for pattern, order in (
        (r"(?<!\d)(\d\d)[._-]?(\d\d)[._-]?(20\d\d)(?!\d)", (3, 2, 1)),
        (r"(?<!\d)(20\d\d)[._-]?(\d\d)[._-]?(\d\d)(?!\d)", (1, 2, 3)),
    ):
        if found := re.search(pattern, name):
            try:
                return dt.date(*(int(found[place]) for place in order))
            except ValueError:
                continue
    years = re.findall(r"(?<!\d)(20\d\d)(?!\d)", name)
    # A classifier of 2021 in its edition of 2025 is of 2025.
    return dt.date(max(map(int, years)), 1, 1) if years else None


def _read_iso(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
