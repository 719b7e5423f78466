"""Reads every file of a run with the libraries of the field alone, and collects its figures.

A figure is named by what it is of (municipality, service, scenario, ...) and stands with the
file that tells it; whoever tells the same figure must tell the same value.
"""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import sqlite3
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import docx
from lxml import etree
from openpyxl.utils import column_index_from_string

from tests.pdfs import read_pages

ROOT = Path(__file__).resolve().parents[2]
Key = tuple[Any, ...]

COVERAGE = ("municipality_id", "service", "scenario", "scope")
GAPS = ("service", "settlement_id")
SITES = ("site_id",)


# Codes in one file, words in another: no figures.
WORDS = ("fid", "geom", "name", "lon", "lat", "target_group")


class Figures:
    """Figures by name, each with the places that tell it."""

    def __init__(self) -> None:
        self.told: dict[Key, list[tuple[str, Any]]] = defaultdict(list)

    def add(self, where: str, key: Key, value: Any) -> None:
        self.told[key].append((where, plain(value)))

    def differences(self) -> list[str]:
        """Return every figure that is told two ways."""
        found = []
        for key, places in self.told.items():
            first = places[0][1]
            # Most are the very same; the others may be a share and its per cent.
            same = type(first)
            if not all(
                (type(value) is same and value == first) or agree(first, value)
                for _, value in places
            ):
                found.append(f"{key}: {places}")
        return found

    def shared(self) -> int:
        """Return how many figures stand in more than one place."""
        return sum(len({where for where, _ in places}) > 1 for places in self.told.values())


class Percent(float):
    """A share as whole per cent, as people read it."""


def plain(value: Any) -> Any:
    """Return a value as a number, a text or None, whatever file it came from."""
    kind = type(value)
    if kind is str:
        return read_text(value)
    if kind is float or kind is int:
        return None if value != value else float(value)
    if value is None or isinstance(value, Percent | bool):
        return value
    if isinstance(value, int | float):
        return None if value != value else float(value)
    return read_text(value)


@lru_cache(maxsize=100_000)
def read_text(value: Any) -> Any:
    """Return what a text says, as `plain` does."""
    text = str(value).strip()
    if text in ("", "–", "None", "nan"):
        return None
    if text in ("True", "False"):
        return text == "True"
    try:
        return float(text)
    except ValueError:
        return text


def agree(one: Any, other: Any) -> bool:
    """Return whether two values tell the same: a share and its whole per cent do."""
    for share, percent in ((one, other), (other, one)):
        if isinstance(percent, Percent):
            if isinstance(share, Percent):
                return float(share) == float(percent)
            if not isinstance(share, float):
                return False
            # 0 and 100 only where exact.
            shown = 100.0 if share == 1 else 0.0 if share == 0 else min(max(100 * share, 1), 99)
            return abs(shown - percent) <= 0.5 + 1e-9 or float(percent) == round(shown)
    return bool(one == other)


def collect(folder: Path, lang: str) -> Figures:
    """Return the figures of all files of a run."""
    figures = Figures()
    words = json.loads((ROOT / "socaccess" / "locale" / lang / "tables.json").read_text("utf-8"))
    services = {
        row[f"name_{lang}"]: row["service"]
        for row in read_csv(ROOT / "data" / "services" / "service_types.csv")
    }
    tables = {
        name: list(read_csv(folder / f"{name}.csv")) for name in ("coverage", "gaps", "sites")
    }
    for name, keys in (("coverage", COVERAGE), ("gaps", GAPS), ("sites", SITES)):
        for row in tables[name]:
            add_row(figures, f"{name}.csv", name, keys, row)
        for row in read_layer(folder / "layers.gpkg", name):
            add_row(figures, "layers.gpkg", name, keys, row)
    for name, keys, sheet in zip(
        ("coverage", "gaps", "sites"), (COVERAGE, GAPS, SITES), (1, 2, 3), strict=True
    ):
        known = {names_of(row, name): row[IDS[name]] for row in reversed(tables[name])}
        for row in read_sheet(folder / "tables.xlsx", sheet, words, dict(*tables[name][:1])):
            row = name_codes(row, name, known, services)
            add_row(figures, "tables.xlsx", name, keys, row)
    headline = json.loads((folder / "study.json").read_text("utf-8"))["headline"]
    for row in headline["services"]:
        add_service(figures, "study.json", row)
    for row in read_sheet(folder / "tables.xlsx", 0, words, {}):
        row["service"] = services[row["service"]]
        for short, long in (("covered", "covered"), ("share", "covered_share")):
            for scenario in ("now", "planned", "suggested"):
                key = ("service", row["service"], long, scenario)
                figures.add("tables.xlsx", key, row[f"{short}_{scenario}"])
        figures.add("tables.xlsx", ("service", row["service"], "persons"), row["persons"])
    read_map(figures, folder / "map.html", tables)
    read_documents(figures, folder, headline, tables)
    read_annex_tables(figures, folder, lang, headline, tables)
    return figures


SAME = {"coverage": (), "gaps": ("settlement",), "sites": ("rank",)}
IDS = {"coverage": "municipality_id", "gaps": "settlement_id", "sites": "site_id"}


def name_codes(
    row: dict[str, Any], table: str, known: dict[Key, str], services: dict
) -> dict[str, Any]:
    """Return a row of the workbook, which tells names to people, with the codes of the CSV."""
    row = {**row, "service": services[row["service"]]}
    identity = known.get(names_of(row, table))
    return row if identity is None else {**row, IDS[table]: identity}


def names_of(row: dict[str, Any], table: str) -> Key:
    """Return what a row goes by in the workbook and in the CSV alike."""
    return tuple(plain(row[name]) for name in ("service", "municipality", *SAME[table]))


def add_row(figures: Figures, where: str, table: str, keys: tuple[str, ...], row: dict) -> None:
    key = tuple(row[name] for name in keys)
    for name, value in row.items():
        if name not in keys and name not in WORDS:
            figures.add(where, (table, *key, name), value)


def add_service(figures: Figures, where: str, row: dict) -> None:
    figures.add(where, ("service", row["service"], "persons"), row["persons"])
    for name in ("covered", "covered_share", "covered_share_low", "covered_share_high"):
        for scenario, value in row[name].items():
            figures.add(where, ("service", row["service"], name, scenario), value)


def read_csv(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def read_layer(path: Path, name: str) -> Iterator[dict[str, Any]]:
    store = sqlite3.connect(path)
    try:
        rows = store.execute(f'select * from "{name}"')
        heads = [column[0] for column in rows.description]
        for row in rows:
            yield dict(zip(heads, row, strict=True))
    finally:
        store.close()


def read_sheet(
    path: Path, number: int, words: dict[str, str], like: dict[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a sheet, its headings and words turned back into codes."""
    heads: dict[str, str] = {}
    for key, text in words.items():
        if key.startswith("column."):
            name = key.removeprefix("column.")
            # Two columns may bear one heading; the one the CSV has is meant.
            if text not in heads or name in like:
                heads[text] = name
    values: dict[str, dict[str, str]] = defaultdict(dict)
    for key, text in words.items():
        if key.startswith("value."):
            _, column, code = key.split(".", 2)
            values[column][text] = code
    flags = {words["yes"]: True, words["no"]: False} if "yes" in words else {}
    rows = iter(read_book(path)[number])
    titles: list[str] = []
    for row in rows:
        if sum(cell is not None for cell in row) > 4:
            titles = [heads.get(str(cell), str(cell)) for cell in row]
            break
    code = heads_of_code(titles)
    for row in rows:
        found: dict[str, Any] = {}
        for title, cell in zip(titles, row, strict=True):
            found[title] = flags.get(cell, values[title].get(cell, cell)) if cell else cell
        if "service" in found and code:
            found["service"] = found.pop(code)
        # What the sheet says in words, such as the group, is no figure.
        found.setdefault("service", row[titles.index("service_name")]
                         if "service_name" in titles else None)  # fmt: skip
        yield {k: v for k, v in found.items() if not like or k in like or k == "service"}


@lru_cache(maxsize=1)
def read_book(path: Path) -> list[list[tuple[Any, ...]]]:
    """Return the rows of every sheet; kept, since many ask for sheets of the same workbook.

    Values are those of openpyxl (tested), which takes twice as long for so many cells.
    """
    with zipfile.ZipFile(path) as book:
        shared = etree.fromstring(book.read("xl/sharedStrings.xml"))
        texts = ["".join(part.text or "" for part in one.iter(f"{{{SHEETS}}}t")) for one in shared]
        sheets = sum(name.startswith("xl/worksheets/sheet") for name in book.namelist())
        return [
            read_cells(etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml")), texts)
            for number in range(1, sheets + 1)
        ]


SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def read_cells(sheet: Any, texts: list[str]) -> list[tuple[Any, ...]]:
    """Return the values of a sheet by row, all rows as wide as the sheet."""
    last = sheet.find(f"{{{SHEETS}}}dimension").get("ref").split(":")[-1]
    width = find_column(last.rstrip(DIGITS)) + 1
    rows: list[tuple[Any, ...]] = []
    for row in sheet.find(f"{{{SHEETS}}}sheetData"):
        while len(rows) < int(row.get("r")) - 1:
            rows.append((None,) * width)
        found: list[Any] = [None] * width
        for cell in row:
            if len(cell):
                found[find_column(cell.get("r").rstrip(DIGITS))] = read_cell(cell, texts)
        rows.append(tuple(found))
    return rows


DIGITS = "0123456789"


@cache
def find_column(letters: str) -> int:
    return column_index_from_string(letters) - 1


def read_cell(cell: Any, texts: list[str]) -> Any:
    """Return the value of a cell, or its formula."""
    first, kind = cell[0], cell.get("t")
    if first.tag == f"{{{SHEETS}}}f":
        return f"={first.text}"
    if kind == "s":
        return texts[int(first.text)]
    if kind == "b":
        return first.text == "1"
    return float(first.text) if kind in (None, "n") else "".join(first.itertext())


@lru_cache(maxsize=1)
def read_document(path: Path) -> list[list[list[str]]]:
    """Return the texts of the cells of every table of a DOCX, by row."""
    return [[[cell.text for cell in row.cells] for row in table.rows]
            for table in docx.Document(str(path)).tables]  # fmt: skip


def heads_of_code(titles: list[str]) -> str:
    return "service_code" if "service_code" in titles else ""


def read_map(figures: Figures, path: Path, tables: dict[str, list[dict[str, str]]]) -> None:
    """Add the shares of the map at each service's own limit, and the gains of its sites."""
    page = path.read_text(encoding="utf-8")
    (packed,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    names = data["municipalities"]["id"]
    share = data["shares"]["share"]
    timed = [row["id"] for row in data["services"]][: len(share) - 1]
    told = {(row["municipality_id"], row["service"]) for row in tables["coverage"]}
    for position, service in enumerate(timed, start=1):
        for at, scope in enumerate(("any", "own")):
            for number, scenario in enumerate(data["scenarios"]):
                row = share[position][at][number][0]
                for municipality, value in zip(names, row, strict=False):
                    if (municipality, service) in told:
                        key = ("coverage", municipality, service, scenario, scope, "covered_share")
                        figures.add("map.html", key, Percent(value) if value >= 0 else None)
                if scope == "any":
                    key = ("service", service, "covered_share", scenario)
                    figures.add("map.html", key, Percent(row[-1]) if row[-1] >= 0 else None)


PERCENT = re.compile(r"^(\d+)[\s\u00a0]?%")


def percent(text: str) -> Percent | None:
    """Return the share a cell tells, with or without a range behind it."""
    found = PERCENT.match(text.strip())
    return Percent(found.group(1)) if found else None


def read_documents(
    figures: Figures, folder: Path, headline: dict, tables: dict[str, list[dict[str, str]]]
) -> None:
    """Add the shares of the annex by municipality and service, and compare PDF with DOCX."""
    book = read_document(folder / "annex.docx")
    pages = "".join(read_pages(folder / "annex.pdf"))
    digits = re.sub(r"\s", "", pages)
    for table in book:
        for row in table:
            for cell in dict.fromkeys(row):
                if re.fullmatch(r"[\d\s\u00a0.,]+%.*", cell):
                    told = re.sub(r"\s", "", cell) in digits
                    figures.add("annex.docx", ("pdf holds", cell), True)
                    figures.add("annex.pdf", ("pdf holds", cell), told)
    names = {row["municipality_id"]: row["municipality"] for row in tables["coverage"]}
    ids = {name: key for key, name in names.items()}
    shares = {
        (row["municipality_id"], row["service"]): row["covered_share"]
        for row in tables["coverage"]
        if (row["scenario"], row["scope"]) == ("now", "any")
    }
    # A table of one service names municipalities: its column of shares is one the CSV has.
    for table in book:
        rows = table[1:]
        if not rows or not all(row[0] in ids for row in rows) or len(rows[0]) < 8:
            continue
        fits = [
            service
            for service in {service for _, service in shares}
            if all(agree(plain(shares[(ids[row[0]], service)]), percent(row[2])) for row in rows)
        ]
        key = ("annex table", rows[0][0], *[row[2] for row in rows])
        figures.add("annex.docx", key, True)
        figures.add("coverage.csv", key, bool(fits))


SHARE = re.compile(r"(\d+)\s*%")
RANGE = re.compile(r"\((\d+)\D(\d+)\s*%\)")


def bare(text: str) -> str:
    """Return a text without soft hyphens, hard spaces and the mark of likely services."""
    return re.sub(r"\s+", " ", text.replace("\u00ad", "").replace("¹", "")).strip()


def read_annex_tables(
    figures: Figures, folder: Path, lang: str, headline: dict, tables: dict[str, list]
) -> None:
    """Add the matrix of services and municipalities, and the table of each target group."""
    words = json.loads((ROOT / "socaccess" / "locale" / lang / "finding.json").read_text("utf-8"))
    annex = json.loads((ROOT / "socaccess" / "locale" / lang / "annex.json").read_text("utf-8"))
    groups = {
        row[f"name_{lang}"]: row["target_group"]
        for row in read_csv(ROOT / "data" / "services" / "target_groups.csv")
    }
    full = {
        row["service"]: row[f"name_{lang}"]
        for row in read_csv(ROOT / "data" / "services" / "service_types.csv")
    }
    codes = {
        (words.get(f"service.{row['service']}", full[row["service"]]).lower(),
         row["target_group"]): row["service"]
        for row in headline["services"]
    }  # fmt: skip
    names = {row["municipality"]: row["municipality_id"] for row in tables["coverage"]}
    short = {
        name.replace(" novads", f" {annex['short_novads']}"): key for name, key in names.items()
    }
    heads = {annex[f"column.{name}"].replace("\u00ad", ""): name
             for name in ("region", "now", "suggested", "planned")}  # fmt: skip
    read = 0
    for table in read_document(folder / "annex.docx"):
        rows = [[bare(cell) for cell in row] for row in table]
        titles, group = [short.get(title, heads.get(title, title)) for title in rows[0]], ""
        if not set(titles) & {*short.values(), "now"}:
            continue
        if "now" in titles:
            named = [row[0].lower() for row in rows[1:]]
            fits = [one for one in groups.values() if all((name, one) in codes for name in named)]
            if len(fits) != 1:
                continue
            group = fits[0]
        for row in rows[1:]:
            group = groups.get(row[0].split(" · ")[0], group)
            service = codes.get((row[0].lower(), group))
            if service is None or row[2] == row[3]:
                continue
            for title, cell in zip(titles, row, strict=True):
                read += read_annex_share(figures, service, title, cell, set(short.values()))
    figures.add("annex.docx", ("annex matrix", "read"), read > len(names))
    figures.add("expected", ("annex matrix", "read"), True)


def read_annex_share(
    figures: Figures, service: str, title: str, cell: str, municipalities: set[str]
) -> bool:
    """Add what one cell of the annex tells; return whether it is a share."""
    found, bounds = SHARE.search(cell), RANGE.search(cell)
    if not found:
        return False
    value = Percent(found.group(1))
    if title in municipalities:
        key: Key = ("coverage", title, service, "now", "any", "covered_share")
    elif title in ("region", "now", "suggested", "planned"):
        key = ("service", service, "covered_share", "now" if title == "region" else title)
    else:
        return False
    figures.add("annex.docx", key, value)
    if bounds and title == "now":
        for end, bound in zip(("low", "high"), bounds.groups(), strict=True):
            key = ("service", service, f"covered_share_{end}", "now")
            figures.add("annex.docx", key, Percent(bound))
    return True
