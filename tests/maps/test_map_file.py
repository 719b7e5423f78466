from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from socaccess.errors import OutputError, UnknownNameError
from socaccess.i18n import FAMILIES, Texts
from socaccess.maps import render_map, save_map
from socaccess.maps.encode import unpack
from socaccess.study.findings import rank_gaps, write_lead

from .world import NASTY, build_world, release_world

ASSETS = Path(__file__).parents[2] / "socaccess" / "maps" / "assets"


class Reader(HTMLParser):
    """The tags of a page, and what stands in its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self.raw[self.cdata_elem][-1] += data
        else:
            self.text.append(data)


@pytest.fixture(scope="module")
def page(world: SimpleNamespace) -> str:
    return render_map(release_world(world), lang="en", title=NASTY)


@pytest.fixture(scope="module")
def reader(page: str) -> Reader:
    return Reader(page)


def test_nothing_in_the_page_points_outside(page: str, reader: Reader) -> None:
    for tag, attributes in reader.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "form[action]"}
        for name in ("src", "href", "action", "srcset", "data", "background", "style"):
            value = attributes.get(name)
            assert value is None or value.startswith("#"), (tag, name, value)
    assert "url(" not in reader.raw["style"][0].replace("url(#", "")
    assert "sourceMappingURL" not in page


def test_policy_allows_the_pages_own_texts_and_nothing_else(reader: Reader) -> None:
    policy = next(
        attributes["content"]
        for tag, attributes in reader.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    begin, _data, leaflet, script = reader.raw["script"]
    assert rules["script-src"].split() == [digest(begin), digest(leaflet), digest(script)]
    assert rules["style-src"].split() == [digest(text) for text in reader.raw["style"]]


def test_names_are_data_never_markup(page: str, reader: Reader) -> None:
    assert NASTY not in page
    assert NASTY in reader.text
    assert [tag for tag, _ in reader.tags].count("script") == 4
    assert "b" not in [tag for tag, _ in reader.tags]
    payload = unpack(reader.raw["script"][1])
    assert NASTY in payload["settlements"]["name"]
    assert NASTY in payload["places"]["facilities"]["name"]


def test_the_page_says_its_language_and_the_date_of_the_data(reader: Reader) -> None:
    assert ("html", {"lang": "en"}) in reader.tags
    text = " ".join(reader.text)
    assert "data: 2020–2024" in text
    assert "© OpenStreetMap contributors, ODbL 1.0" in text
    assert "Leaflet 1.9.4" in text
    assert "Persons per settlement are an estimate." in text
    assert "Persons under 5 are not shown" not in text
    assert "Counts of persons under 5 are not shown" in text


def test_the_finding_can_be_read_without_the_map(world: SimpleNamespace) -> None:
    released = release_world(world)
    text = " ".join(" ".join(Reader(render_map(released, lang="lv")).text).split())
    rows = [r for r in world.summary["services"] if r["promised"] and r["supply_known"]]
    worst = max(rows, key=lambda r: r["persons"] - r["covered"]["now"])
    gap = rank_gaps(released)[0]
    assert gap.service == worst["service"]
    assert gap.outside == round(worst["persons"] - worst["covered"]["now"])
    assert write_lead(gap, Texts("lv")) in text
    assert f"{gap.outside} no {gap.persons}" in text
    assert "389" in text  # the plan's target


def test_warning_stands_in_the_map_when_small_counts_are_let_through(
    world: SimpleNamespace,
) -> None:
    loud = " ".join(Reader(render_map(release_world(world, 0), lang="en")).text)
    quiet = " ".join(Reader(render_map(release_world(world), lang="en")).text)
    warning = Texts("en")("map.small_counts")
    assert warning in loud
    assert warning not in quiet


def test_same_result_same_bytes(world: SimpleNamespace, tmp_path: Path) -> None:
    one = save_map(release_world(world), tmp_path / "one.html").read_bytes()
    two = save_map(release_world(build_world()), tmp_path / "two.html").read_bytes()
    assert one == two


def test_written_whole_or_not_at_all(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "map.html"
    target.write_text("before")

    def refuse(self: Path, other: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OutputError, match=r"map\.html: could not be written"):
        save_map(release_world(world), target)
    assert target.read_text() == "before"
    assert list(tmp_path.iterdir()) == [target]
    with pytest.raises(OutputError):
        save_map(release_world(world), tmp_path / "nowhere" / "map.html")


def test_leaflet_takes_its_licence_along(reader: Reader) -> None:
    licence = (ASSETS / "vendor" / "leaflet.LICENSE").read_text(encoding="utf-8")
    assert licence in reader.raw["script"][2]


def test_unknown_language(world: SimpleNamespace) -> None:
    with pytest.raises(UnknownNameError, match="language 'de'"):
        render_map(release_world(world), lang="de")


@pytest.mark.parametrize(
    ("size", "megabytes"), [((151, 21, 21), 1.5), ((7000, 119, 21), 2.5)], ids=["latgale", "latvia"]
)
def test_size(size: tuple[int, int, int], megabytes: float) -> None:
    page = render_map(release_world(build_world(*size)), lang="lv")
    assert len(page.encode()) < megabytes * 1e6


def test_vendored_files_are_as_published() -> None:
    record = json.loads((ASSETS / "VENDORED.json").read_text(encoding="utf-8"))
    assert (record["name"], record["version"], record["licence"]) == (
        "leaflet",
        "1.9.4",
        "BSD-2-Clause",
    )
    for name, entry in record["files"].items():
        content = (ASSETS / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]


def _placeholders(text: str | dict[str, str]) -> set[str]:
    forms = text.values() if isinstance(text, dict) else [text]
    found = [set(re.findall(r"\{(\w+)\}", form)) for form in forms]
    # A plural form may leave its number out ("the one service").
    return set.union(*found)


def test_both_languages_have_the_same_texts() -> None:
    lv, en = Texts("lv").raw("map."), Texts("en").raw("map.")
    assert lv.keys() == en.keys()
    for key in lv:
        assert _placeholders(lv[key]) == _placeholders(en[key]), key
        assert isinstance(lv[key], dict) == isinstance(en[key], dict), key
        if isinstance(lv[key], dict):
            assert set(lv[key]) == {"zero", "one", "other"}, key
            assert set(en[key]) == {"one", "other"}, key


def test_every_text_asked_for_is_there_and_every_text_there_is_asked_for() -> None:
    texts = Texts("en").raw("map.")
    page = "\n".join(path.read_text(encoding="utf-8") for path in (ASSETS / "js").iterdir())
    page += (ASSETS / "template.html.j2").read_text(encoding="utf-8")
    python = "\n".join(path.read_text(encoding="utf-8") for path in ASSETS.parent.glob("*.py"))
    # No key is put together but by a family that is declared.
    assert re.findall(r"\b(?:say|t|many)\([^\"')]*`", page) == []
    assert re.findall(r"""f["']map\.""", python.replace('f"map.{key}"', "")) == [
        'f"map.'
    ]  # of name_code
    families = set(re.findall(r"""\b(?:say\.code|name)\(\s*["'](\w+)["']""", page))
    families |= set(re.findall(r"""name_code\(\s*texts,\s*["'](\w+)["']""", python))
    families |= {"status_index", "group_short"}
    known = {family.split(".")[1] for family in FAMILIES if family.startswith("map.")}
    assert families == known
    single = {key for key in texts if "." not in key}
    # Short names of groups come with the data.
    assert {key.split(".")[0] for key in texts if "." in key} == known - {"group_short"}
    for key in single:
        assert re.search(rf"""["']{key}["']""", page) or f'"map.{key}"' in python, key
    asked = set(re.findall(r"""\b(?:say|t|many)\(\s*["'](\w+)["']""", page))
    asked |= set(re.findall(r"""["']map\.(\w+)["']""", python))
    assert asked - {"css", "js"} <= single
