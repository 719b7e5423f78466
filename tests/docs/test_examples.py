"""The code in README and docs runs, and the files they point to exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)")


def write_extract(path: Path) -> None:
    """Write the small extract the pages call latvia.osm.pbf: a bridge and a gravel road in Riga."""
    import osmium
    from osmium.osm import mutable

    with osmium.SimpleWriter(str(path)) as writer:
        for name, lon in ((1, 24.10), (2, 24.11), (3, 24.12)):
            writer.add_node(mutable.Node(id=name, version=1, location=(lon, 56.95)))
        for name, nodes, tags in (
            (4305631, [1, 2], {"highway": "tertiary", "surface": "gravel"}),
            (4305632, [2, 3], {"highway": "secondary", "bridge": "yes"}),
        ):
            writer.add_way(mutable.Way(id=name, version=1, nodes=nodes, tags=tags))


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_code_runs(page, tmp_path, monkeypatch):
    """The blocks of a page run one after the other, each in a folder of its own."""
    names: dict[str, object] = {"__name__": "__example__"}
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        write_extract(folder / "latvia.osm.pbf")
        monkeypatch.chdir(folder)
        exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    lost = [
        link
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert lost == []
