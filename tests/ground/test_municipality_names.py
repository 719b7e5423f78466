"""The municipality a planner means: with or without diacritics, old names, divided ones."""

from __future__ import annotations

import pytest

from socaccess.errors import UnknownNameError
from socaccess.sources.boundaries import (
    find_municipality,
    load_crosswalk,
    load_municipalities,
    load_regions,
)


@pytest.mark.parametrize(
    ("meant", "name"),
    [
        ("Ludzas novads", "Ludzas novads"),
        ("ludzas NOVADS", "Ludzas novads"),
        ("ludzas", "Ludzas novads"),
        ("Rezeknes novads", "Rēzeknes novads"),
        ("Rēzekne", "Rēzekne"),
        ("rezekne", "Rēzekne"),
        ("Daugavpils", "Daugavpils"),
        ("augsdaugavas", "Augšdaugavas novads"),
        # What was: the municipality it became part of.
        ("Zilupes novads", "Ludzas novads"),
        ("viļānu", "Rēzeknes novads"),
        ("Daugavpils novads", "Augšdaugavas novads"),
        ("Varakļānu novads", "Madonas novads"),
        ("varaklanu", "Madonas novads"),
    ],
)
def test_names_of_today_and_before(meant, name):
    ids = load_municipalities().set_index("name")["municipality_id"].to_dict()
    assert find_municipality(ids[name]) == (ids[name], name)
    assert find_municipality(meant) == (ids[name], name)


def test_the_vintage_decides():
    assert find_municipality("Varakļānu novads", vintage=2021)[1] == "Varakļānu novads"
    assert find_municipality("Zilupes novads", vintage=2009)[1] == "Zilupes novads"
    with pytest.raises(UnknownNameError, match=r"no municipalities of 2015; .* of 2009, 2021"):
        find_municipality("Ludzas", vintage=2015)


@pytest.mark.parametrize(
    ("divided", "heirs"),
    [
        ("Aglonas novads", ["Krāslavas novads", "Preiļu novads"]),
        ("aglonas", ["Krāslavas novads", "Preiļu novads"]),
        ("Inčukalna novads", ["Ropažu novads", "Siguldas novads"]),
    ],
)
def test_a_divided_municipality_names_its_heirs(divided, heirs):
    with pytest.raises(UnknownNameError, match="was divided between") as caught:
        find_municipality(divided)
    assert all(heir in str(caught.value) for heir in heirs)


def test_every_municipality_there_ever_was_is_found_or_told_to_be_divided():
    crosswalk = load_crosswalk()
    for column in ("name_2009", "municipality_id_2009", "name_2021"):
        for name, rows in crosswalk.groupby(column):
            heirs = set(rows["municipality_id_2025"])
            try:
                assert find_municipality(str(name))[0] in heirs
            except UnknownNameError:
                assert len(heirs) > 1, name


def test_a_misspelling_is_answered_by_the_nearest_names():
    with pytest.raises(UnknownNameError, match=r"did you mean .*Ludzas novads"):
        find_municipality("Ludzos novads")
    with pytest.raises(UnknownNameError, match=r"no municipality 'xyzzy'; known are"):
        find_municipality("xyzzy")


def test_regions_and_vintages_that_do_not_exist():
    assert len(load_regions("plan")) == len(load_regions("today")) == 5
    with pytest.raises(UnknownNameError, match="use plan, today"):
        load_regions("tomorrow")
    with pytest.raises(UnknownNameError, match="no municipalities of 1990"):
        load_municipalities(1990)
