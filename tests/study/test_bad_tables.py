"""What a study answers to tables it cannot use: everything at once, one line each."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from small_worlds import two_municipalities

from socaccess.errors import InputError, UnknownNameError
from socaccess.settings import Settings
from socaccess.study import Study


def complain(**changes: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        Study(**{**two_municipalities(), **changes})
    return str(caught.value).splitlines()


def tables() -> dict:
    return two_municipalities()


def test_all_tables_are_told_at_once():
    world = tables()
    facilities = world["facilities"].assign(service=["dak", *world["facilities"]["service"][1:]])
    settlements = world["settlements"].assign(
        municipality_id=["west", "vest", "east", "east", "east", "east"]
    )
    need = world["need"].assign(
        persons=["ten", 4, 3, 2, 5, 1], settlement_id=["q", *"bcdez"], target_group="adults"
    )
    lines = complain(
        facilities=facilities,
        settlements=settlements.set_crs(None, allow_override=True),
        need=need,
        promised=("dac", "caer"),
    )
    assert lines == [
        (
            "settlements: no coordinate reference system is set; set it, for example "
            "frame.set_crs('EPSG:3059'), or state it with the file"
        ),
        (
            "settlements, column 'municipality_id': value is not known (b: vest; 1 in all); "
            "did you mean vest → west?"
        ),
        (
            "facilities, column 'service': value is not known (F1: dak; 1 in all); "
            "did you mean dak → dac?"
        ),
        (
            "need, column 'persons': value is not a number (row 1: ten; 1 in all); "
            "write digits only, or leave it empty"
        ),
        (
            "need, column 'settlement_id': value is not known (row 1: q; 1 in all); "
            "see the list of known values"
        ),
        (
            "need, column 'target_group': value is not known (row 1: adults, row 2: adults, "
            "row 3: adults, row 4: adults, row 5: adults, ...; 6 in all); "
            "did you mean adults → adults_grt?"
        ),
        "promised services, limits or sites: service 'caer' is not known; did you mean care?",
    ]


def test_a_missing_id_column_hides_no_other_finding():
    world = tables()
    lines = complain(
        settlements=world["settlements"].drop(columns="settlement_id"),
        facilities=world["facilities"].assign(status="open"),
    )
    assert lines[0].startswith("settlements: column settlement_id is missing; columns found: name")
    assert "facilities, column 'status': value is not allowed (F1: open" in lines[1]
    assert "use operating, planned, closed" in lines[1]


def test_duplicate_ids():
    world = tables()
    twice = pd.concat([world["settlements"], world["settlements"].iloc[[0]]], ignore_index=True)
    (line,) = complain(settlements=twice)
    assert line == (
        "settlements, column 'settlement_id': value occurs more than once (a: a, a: a; 2 in all); "
        "give every row its own"
    )


def test_empty_layers():
    world = tables()
    lines = complain(
        settlements=world["settlements"].iloc[:0], municipalities=world["municipalities"].iloc[:0]
    )
    assert [line for line in lines if "no rows" in line] == [
        "municipalities: the table has no rows",
        "settlements: the table has no rows",
    ]
    # No facilities is an answer, not a mistake.
    assert len(Study(**{**world, "facilities": world["facilities"].iloc[:0]}).facilities) == 0


def test_points_outside_latvia_with_the_embedded_roads():
    world = tables()
    berlin = world["settlements"].to_crs("EPSG:4326")
    berlin.geometry = [shapely.Point(13.4, 52.5), *berlin.geometry[1:]]
    (line,) = complain(settlements=berlin, network=None)
    assert line == (
        "settlements: point lies outside the area of the study (a: 13.4000, 52.5000; 1 in all); "
        "check that longitude and latitude are not swapped and that the CRS is right"
    )
    swapped = world["facilities"].to_crs("EPSG:4326")
    swapped.geometry = [shapely.Point(p.y, p.x) for p in swapped.geometry]
    (line,) = complain(facilities=swapped, network=None)
    assert "7 in all" in line


def test_degrees_called_metres_and_the_reverse():
    world = tables()
    degrees = world["settlements"].to_crs("EPSG:4326").set_crs("EPSG:3059", allow_override=True)
    (line,) = complain(settlements=degrees)
    assert "look like degrees though the system says LKS-92 / Latvia TM" in line
    metres = world["settlements"].set_crs("EPSG:4326", allow_override=True)
    (line,) = complain(settlements=metres)
    assert "are not degrees though the system says WGS 84" in line


def test_layers_of_the_wrong_kind():
    world = tables()
    (line,) = complain(settlements=world["settlements"].set_geometry(
        world["settlements"].geometry.buffer(100)))  # fmt: skip
    assert line == "settlements: geometry is not a point (a, b, c, d, e; 5 in all)"
    (line,) = complain(
        municipalities=pd.DataFrame(world["municipalities"].drop(columns="geometry"))
    )
    assert "there is no geometry" in line


def test_settings_name_services_that_exist_and_suit():
    world = tables()
    with pytest.raises(InputError, match="'dacc' is not known; did you mean dac"):
        Study(**world, settings=Settings(limits_min={"dacc": 10.0}))
    with pytest.raises(InputError, match=r"no supply or has no limit \(vsac; 1 in all\)"):
        Study(**world, settings=Settings(site_services=("dac", "vsac")))
    with pytest.raises(InputError, match="no supply"):
        Study(**world, settings=Settings(site_services=("other",)))


def test_unknown_regions_views_and_municipalities():
    with pytest.raises(UnknownNameError, match="did you mean latgale"):
        Study.load("Latgāle")
    with pytest.raises(UnknownNameError, match="no view 'now'; use one of plan, today"):
        Study.load("latgale", view="now")
    study = Study(**tables())
    with pytest.raises(UnknownNameError, match="municipality north is not in divi novadi"):
        study.select(["west", "north"])


def test_the_tables_given_are_left_as_they_were():
    world = tables()
    before = {name: world[name].copy() for name in ("settlements", "facilities", "need")}
    Study(**world).run(sites=False)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, world[name])
        assert isinstance(frame, gpd.GeoDataFrame) == isinstance(world[name], gpd.GeoDataFrame)


def test_doubts_of_a_study_built_by_hand_are_said_not_refused():
    world = tables()
    assert Study(**world).doubts == ()
    outlines, facilities = world["municipalities"], world["facilities"]
    first = outlines.geometry.iloc[0]
    shape = shapely.union(first, outlines.geometry.iloc[1])
    far = shapely.affinity.translate(facilities.geometry.iloc[0], 0, 60_000)
    people = world["settlements"].set_index("settlement_id")["population"]
    need = world["need"].assign(persons=[people.iloc[0] + 1, *world["need"]["persons"][1:]])
    study = Study(
        **{
            **world,
            "municipalities": outlines.assign(geometry=[shape, *outlines.geometry[1:]]),
            "facilities": facilities.assign(geometry=[far, *facilities.geometry[1:]]),
            "need": need,
        }
    )
    codes = [doubt.code for doubt in study.doubts]
    assert codes == ["sources.outlines_overlap", "sources.point_far", "sources.need_above_people"]
    page = study.run(sites=False)._repr_html_()
    assert all(doubt.text("lv").split(" (")[0] in page for doubt in study.doubts)


def test_the_register_and_published_figures_contradict_each_other_in_the_open():
    import socaccess as sa

    found = sa.planning.contradictions()
    assert len(found) == 59
    ours = found[found["first"].str.startswith("need")]
    assert set(ours["first_value"].map(str)) >= {"<5"} and len(found.query("kind == 'two_figures'"))
    assert (sa.planning.contradictions("latgale")["planning_region"] == "latgale").all()
    with pytest.raises(UnknownNameError):
        sa.planning.contradictions("sēlija")
