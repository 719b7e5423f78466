"""Recorded layouts with invented rows: columns by meaning, and what is said of unknown ones."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from socaccess.errors import CrsError, InputError
from socaccess.programme.assessments import read_children_by_age, read_needed_services
from socaccess.sources.boundaries import load_crosswalk, load_municipalities
from socaccess.sources.portals import (
    read_boundaries,
    read_classifier,
    read_population,
    read_provider_counts,
)

# The headings the portal describes; every number below is made up.
SERVICES = ["Sociālās rehabilitācijas pakalpojumi (individuālās konsultācijas)",
            "Sociālās rehabilitācijas pakalpojumi (grupu nodarbības)",
            "Sociālās rehabilitācijas pakalpojumi dienas aprūpes centrā",
            "Atelpas brīža pakalpojumi", "Grupu dzīvokļa pakalpojumi",
            "Specializēto darbnīcu pakalpojumi",
            "Aprūpes mājās u.c. mobilā uzraudzība"]  # fmt: skip
PERIOD = {"PP gads": 2019, "PP mēnesis": 4}


def old_codes(count: int = 2) -> list[tuple[str, str]]:
    table = load_crosswalk()
    rows = table[["municipality_id_2009", "name_2009"]].drop_duplicates().sort_values("name_2009")
    return list(rows.iloc[5 : 5 + count].itertuples(index=False, name=None))


def shuffle(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    columns = list(frame.columns)
    random.Random(seed).shuffle(columns)
    return frame[columns]


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_csv(path, index=False, sep=";", encoding="utf-8-sig")
    return path


# ---- persons who need services --------------------------------------------------------------


def make_needs() -> pd.DataFrame:
    rows = [
        {**PERIOD, "ATVK kods": code, "Pilsēta, novads": name}
        | {service: 10 * row + place for place, service in enumerate(SERVICES, start=1)}
        for row, (code, name) in enumerate(old_codes(), start=1)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_needed_services_whatever_the_order_of_columns(tmp_path, suffix, seed):
    table = read_needed_services(save(shuffle(make_needs(), seed), tmp_path / f"n{suffix}"))
    persons = table.persons.set_index(["municipality_id", "service"])["persons"]
    first, second = (code for code, _ in old_codes())
    assert table.vintage == 2009
    assert persons[first, "consult_grt"] == 11
    assert persons[second, "dac_grt"] == 23
    assert persons[second, "home_care"] == 27
    assert set(table.persons["service"]) == {"consult_grt", "group_act", "dac_grt", "respite_grt",
                                             "group_home", "workshop", "home_care"}  # fmt: skip


def test_children_by_age(tmp_path):
    rows = [
        {**PERIOD, "ATVK kods": code, "Pilsēta, novads": name, "Bērni kopā": 15,
         "0-6 gadi": 1, "7-9 gadi": 2, "10-12 gadi": 3, "13-15 gadi": 4, "16-17 gadi": 5}
        for code, name in old_codes()
    ]  # fmt: skip
    table = read_children_by_age(save(shuffle(pd.DataFrame(rows), 3), tmp_path / "b.xlsx"))
    assert table.persons.groupby("age_group")["persons"].sum().to_dict() == {
        "0-6": 2, "7-9": 4, "10-12": 6, "13-15": 8, "16-17": 10}  # fmt: skip
    assert not table.findings


# ---- providers ------------------------------------------------------------------------------


def make_providers(codes: list[tuple[str, str]]) -> pd.DataFrame:
    forms = ("Ar izmitināšanu", "Bez izmitināšanas", "Ar izmitināšanu un bez izmitināšanas")
    rows = [
        {**PERIOD, "ATVK kods": code, "Pilsēta, novads": name,
         "Pakalpojuma sniegšanas forma": form, "Grupu māja (dzīvoklis)": count,
         "Krīzes centrs": count * 10 or None, "Zooterapija": None, "Citi pakalpojumi": 1,
         "Telpas ir/nav pielāgotas": "ir"}
        for code, name in codes
        for count, form in enumerate(forms)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("seed", range(4))
def test_providers_with_and_without_lodging_are_added_up(tmp_path, seed):
    codes = old_codes()
    table = read_provider_counts(save(shuffle(make_providers(codes), seed), tmp_path / "s.xlsx"))
    counts = table.set_index(["municipality_id", "service_name"])["providers"]
    assert counts[codes[0][0], "Grupu māja (dzīvoklis)"] == 0 + 1 + 2
    assert counts[codes[1][0], "Krīzes centrs"] == 10 + 20
    assert counts[codes[1][0], "Citi pakalpojumi"] == 3
    assert "Zooterapija" not in set(table["service_name"])  # nobody says anything of it
    services = dict(zip(table["service_name"], table["service"], strict=True))
    assert services == {"Grupu māja (dzīvoklis)": "group_home", "Krīzes centrs": "crisis",
                        "Citi pakalpojumi": None}  # fmt: skip
    assert set(table["vintage"]) == {2009}
    assert set(table["year"]) == {2019}


def test_headings_under_a_title(tmp_path):
    frame = make_providers(old_codes())
    sheet = pd.DataFrame([["Sociālo pakalpojumu sniedzēji"] + [None] * (frame.shape[1] - 1),
                          [None] * frame.shape[1], list(frame.columns),
                          *frame.astype(object).to_numpy().tolist()])  # fmt: skip
    sheet.to_excel(tmp_path / "s.xlsx", index=False, header=False)
    table = read_provider_counts(tmp_path / "s.xlsx")
    assert table["providers"].sum() == 2 * (3 + 30 + 3)


def test_zeros_a_spreadsheet_dropped_come_back(tmp_path):
    frame = make_providers([("0001000", "Rīga"), ("0034000", "Ķekavas novads")])
    frame["ATVK kods"] = frame["ATVK kods"].astype(int)
    table = read_provider_counts(save(frame, tmp_path / "s.xlsx"))
    assert set(table["municipality_id"]) == {"0001000", "0034000"}


def test_codes_are_known_by_their_values(tmp_path):
    frame = make_providers(old_codes()).rename(columns={"ATVK kods": "Kolonna C"})
    table = read_provider_counts(save(frame, tmp_path / "s.csv"))
    assert set(table["municipality_id"]) == {code for code, _ in old_codes()}


def test_only_the_latest_period(tmp_path):
    early = make_providers(old_codes()).assign(**{"PP mēnesis": 3, "Citi pakalpojumi": 100})
    both = pd.concat([make_providers(old_codes()), early])
    table = read_provider_counts(save(both, tmp_path / "s.csv"))
    assert set(table["month"]) == {4}
    assert table["providers"].max() == 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="ATVK kods"),
         r"as municipality_id; expected a heading such as atvk kods, .*; found PP gads, PP mēn"),
        (lambda f: f.assign(**{"ATVK kods": "9999999"}), "code is of no municipality"),
        (lambda f: f.assign(**{"Krīzes centrs": "daudz"}), "'Krīzes centrs': value is not a count"),
        (lambda f: f.assign(**{"Krīzes centrs": -1}), "value is not a count"),
        (lambda f: f[list(f.columns[:5])], "expected one column of counts per service"),
    ],
)  # fmt: skip
def test_a_changed_layout_is_told(tmp_path, change, message):
    path = save(change(make_providers(old_codes())), tmp_path / "s.csv")
    with pytest.raises(InputError, match=message) as caught:
        read_provider_counts(path)
    assert "\n" not in str(caught.value)
    assert "s.csv" in str(caught.value)


# ---- population -----------------------------------------------------------------------------


def make_population() -> pd.DataFrame:
    rows = [
        {"TIME": year, "AREA": area, "SEX": sex, "AGE": age, "NUMB": count, "NUMB_X": mark}
        for year in (2024, 2025)
        for area, count, mark in (("LV0034000", 30_000 + year, ""), ("LV0001000", 600_000, ""),
                                  ("100016325", 5, "77"), ("100016326", None, "10"))
        for sex in ("T", "F", "M")
        for age in ("TOTAL", "Y0-6")
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    part = (frame["SEX"] != "T") | (frame["AGE"] != "TOTAL")
    frame.loc[part, "NUMB"] = 3
    return frame


@pytest.mark.parametrize("seed", range(3))
def test_population_of_all_in_the_latest_year(tmp_path, seed):
    frame = shuffle(make_population(), seed).sample(frac=1, random_state=seed)
    table = read_population(save(frame, tmp_path / "p.csv")).set_index("area_id")
    assert table.loc["0034000", "population"] == 32_025
    assert table["is_municipality"].to_dict() == {
        "0034000": True, "0001000": True, "100016325": False, "100016326": False}  # fmt: skip
    assert table.loc["100016325", ["population", "rounded"]].tolist() == [5, True]
    assert np.isnan(table.loc["100016326", "population"])
    assert set(table["year"]) == {2025}
    earlier = read_population(tmp_path / "p.csv", year=2024).set_index("area_id")
    assert earlier.loc["0034000", "population"] == 32_024


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f[f["SEX"] != "T"], r"'SEX': no value means all together .*found F, M"),
        (lambda f: f.drop(columns="NUMB"),
         r"as population; expected a heading such as numb, .*; found TIME, AREA"),
        (lambda f: f.drop(columns="TIME"), "no column is understood as year"),
        (lambda f: pd.concat([f.assign(CITIZEN="A"), f.assign(CITIZEN="B")]),
         "several numbers for one year .*columns not understood: CITIZEN"),
    ],
)  # fmt: skip
def test_population_in_a_changed_layout_is_told(tmp_path, change, message):
    path = save(change(make_population()), tmp_path / "p.csv")
    with pytest.raises(InputError, match=message):
        read_population(path)


def test_a_year_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no rows of 1999; the latest years are 2024, 2025"):
        read_population(save(make_population(), tmp_path / "p.csv"), year=1999)


# ---- territories ----------------------------------------------------------------------------

CLASSIFIER = pd.DataFrame(
    [
        ("0001000", "Rīga", "", "", "01.07.2021"),
        ("0034000", "Ķekavas novads", "", "", "01.07.2021"),
        ("0034400", "Ķekavas pagasts", "0034000", "", "01.07.2021"),
        ("0034210", "Baldone", "0034000", "", "01.07.2021"),
        ("0800600", "Baldones novads", "", "30.06.2021", "01.07.2009"),
        ("0800601", "Baldone", "0800600", "30.06.2021", "01.07.2009"),
    ],
    columns=["Code", "Name", "ParentCode", "ValidTo", "ValidFrom"],
)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_the_classifier_as_it_stands_now(tmp_path, suffix):
    table = read_classifier(save(shuffle(CLASSIFIER, 1), tmp_path / f"c{suffix}"))
    assert table.to_numpy().tolist() == [
        ["0001000", "Rīga", "city", "0001000"],
        ["0034000", "Ķekavas novads", "municipality", "0034000"],
        ["0034400", "Ķekavas pagasts", "parish", "0034000"],
        ["0034210", "Baldone", "town", "0034000"],
    ]


def test_the_classifier_in_latvian_headings(tmp_path):
    latvian = {"Code": "Kods", "Name": "Nosaukums", "ValidTo": "Derīgs līdz",
               "ParentCode": "Augstākā līmeņa kods"}  # fmt: skip
    named = CLASSIFIER.rename(columns=latvian)
    assert len(read_classifier(save(named, tmp_path / "c.csv"))) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: pd.concat([f, f.iloc[[2]]]), "code stands more than once .*line 4: 0034400"),
        (lambda f: f.iloc[2:], "unit above is not in the table .*2 in all"),
        (lambda f: f.drop(columns="ParentCode"), "understood as municipality_id"),
    ],
)
def test_a_classifier_that_contradicts_itself(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        read_classifier(save(change(CLASSIFIER), tmp_path / "c.csv"))


# ---- boundaries -----------------------------------------------------------------------------


def make_units(heading: str = "L0_code") -> gpd.GeoDataFrame:
    """Return squares, two for each of three municipalities, in a system of metres."""
    codes = load_municipalities(2025)["municipality_id"].tolist()[:3]
    boxes = [shapely.box(5e5 + 1e3 * x, 3e5 + 1e3 * y, 5.01e5 + 1e3 * x, 3.01e5 + 1e3 * y)
             for y in range(3) for x in range(2)]  # fmt: skip
    values = {heading: np.repeat(codes, 2), "L1_code": [f"00{n}" for n in range(6)]}
    return gpd.GeoDataFrame(values, geometry=boxes, crs=3059)


def pack(frame: gpd.GeoDataFrame, path: Path, name: str = "units", *, prj: bool = True) -> Path:
    folder = path.parent / f"{name}-files"
    folder.mkdir()
    frame.to_file(folder / f"{name}.shp", encoding="utf-8")
    with zipfile.ZipFile(path, "a") as archive:
        for file in sorted(folder.iterdir()):
            if prj or file.suffix != ".prj":
                archive.write(file, f"Robezas/{file.name}")
    return path


@pytest.mark.parametrize("heading", ["L0_code", "ATVK", "atvk2025"])
def test_units_are_joined_to_municipalities(tmp_path, heading):
    path = pack(make_units(heading), tmp_path / "r.zip")
    frame = read_boundaries(path)
    known = load_municipalities(2025).set_index("municipality_id")
    assert frame["municipality_id"].tolist() == sorted(known.index[:3])
    assert frame.geometry.area.tolist() == [2e6] * 3
    assert frame["name"].tolist() == [known.loc[code, "name"] for code in frame["municipality_id"]]
    assert set(frame["vintage"]) == {2025}
    assert frame.crs == "EPSG:3059"


@pytest.mark.shared
def test_official_units_join_to_the_official_municipalities(shared):
    """The published layout, 587 units: each municipality covers what it does as published whole."""
    folder = shared / "data" / "boundaries"
    joined = read_boundaries(folder / "units587_2018.gpkg").set_index("municipality_id")
    whole = read_boundaries(folder / "municipalities119_2009.gpkg").set_index("municipality_id")
    assert len(joined) == 119
    assert set(joined["vintage"]) == {2009}
    assert sorted(joined.index) == sorted(whole.index)
    both = joined.geometry.intersection(whole.geometry.loc[joined.index]).area
    shared_share = both / joined.geometry.union(whole.geometry.loc[joined.index]).area
    # Outlines are generalised differently: of a small town an eighth is edge.
    assert shared_share.median() > 0.97
    assert shared_share.min() > 0.8
    named = read_boundaries(folder / "municipalities43_2021.gpkg")
    assert (len(named), set(named["vintage"])) == (43, {2021})


def test_the_layer_of_units_is_found_among_others(tmp_path):
    lines = gpd.GeoDataFrame(
        {"L0_code": ["0001000"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=3059
    )
    path = pack(lines, tmp_path / "r.zip", "lines")
    assert len(read_boundaries(pack(make_units(), path))) == 3


def test_degrees_become_metres(tmp_path):
    frame = read_boundaries(pack(make_units().to_crs(4326), tmp_path / "r.zip"))
    assert np.allclose(frame.geometry.area, 2e6, rtol=1e-5)


def test_boundaries_in_a_changed_layout_are_told(tmp_path):
    with pytest.raises(InputError, match="give a Shapefile with a column such as L0_code"):
        lettered = make_units("zone").assign(zone=list("aabbcc"))
        read_boundaries(pack(lettered, tmp_path / "r.zip"))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as archive:
        archive.writestr("read.me", "nothing")
    with pytest.raises(InputError, match="no layer with areas"):
        read_boundaries(tmp_path / "e.zip")
    strange = make_units()
    strange.loc[0, "L0_code"] = "7777777"
    with pytest.raises(InputError, match=r"code is of no municipality \(feature 1: 7777777"):
        read_boundaries(pack(strange, tmp_path / "s.zip", "strange"))
    with pytest.raises(CrsError, match="no coordinate reference system"):
        read_boundaries(pack(make_units(), tmp_path / "p.zip", "bare", prj=False))


def test_a_layer_that_is_no_shapefile(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("units.shp", b"nonsense")
    path = tmp_path / "r.zip"
    path.write_bytes(packed.getvalue())
    with pytest.raises(InputError, match="not what its ending"):
        read_boundaries(path)


# ---- anything at all ------------------------------------------------------------------------

CELLS = st.one_of(
    st.sampled_from(["0034000", "LV0001000", "2025", "1", "-1", "T", "F", "TOTAL", "", "77", "1e9",
                     "²²²²", "nan", "inf", "'=1", "<5", "…"]),
    st.text(alphabet=st.characters(exclude_characters="\r\n\x00", codec="utf-8"), max_size=8),
)  # fmt: skip
HEADINGS = ["ATVK kods", "PP gads", "PP mēnesis", "AREA", "TIME", "SEX", "AGE", "NUMB", "NUMB_X",
            "Code", "Name", "ParentCode", "ValidTo", "Krīzes centrs", "x"]  # fmt: skip


NEEDED = {
    read_classifier: ["Code", "Name", "ParentCode"],
    read_population: ["AREA", "TIME", "NUMB"],
    read_provider_counts: ["ATVK kods", "Krīzes centrs"],
}


@pytest.mark.parametrize("read", NEEDED)
@settings(max_examples=60)
@given(data=st.data())
def test_whatever_stands_there_is_read_or_told(tmp_path_factory, read, data):
    columns = data.draw(st.lists(st.sampled_from(HEADINGS), min_size=1, max_size=6, unique=True))
    if data.draw(st.booleans()):
        columns = data.draw(st.permutations(sorted({*columns, *NEEDED[read]})))
    row = st.lists(CELLS, min_size=len(columns), max_size=len(columns))
    rows = data.draw(st.lists(row, min_size=0, max_size=6))
    path = tmp_path_factory.mktemp("any") / "any.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([columns, *rows])
    try:
        table = read(path)
    except InputError as error:
        assert str(error)
    else:
        assert len(table) <= len(rows) * len(columns)
