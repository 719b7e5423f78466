"""The embedded roads cross the Daugava at its bridges only: what everybody knows, not our lines."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from socaccess.network import RoadNetwork
from socaccess.sources.embedded import load_rivers
from socaccess.sources.settlements import load_settlements
from socaccess.travel import travel_times

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

BRIDGES_KM = {  # where, EPSG:3059
    "Rīga, Vanšu, Akmens, Salu": (506.6, 311.2),
    "Rīga, Dienvidu": (509.5, 308.0),
    "Salaspils, power station": (518.0, 299.7),
    "Ķegums, power station": (543.1, 288.5),
    "Aizkraukle, power station": (575.7, 272.5),
    "Jēkabpils": (615.6, 263.3),
    "Daugavpils, A14": (652.1, 201.0),
    "Daugavpils": (657.4, 194.2),
    "Krāslava": (693.8, 196.9),
    "Belarus": (746.3, 184.1),
}
NEAR_M = 1_700
RIGHT = (
    "Vecpilsēta", "Salaspils", "Ogre", "Ķegums", "Lielvārde", "Skrīveru pagasts", "Aizkraukle",
    "Koknese", "Klintaines pagasts", "Pļaviņas", "Krustpils pagasts", "Vīpes pagasts", "Līvāni",
    "Jersikas pagasts", "Nīcgales pagasts", "Līksnas pagasts", "Daugavpils", "Krāslava",
)  # fmt: skip
LEFT = (
    "Torņakalns", "Zasulauks", "Ķekavas pagasts", "Baldone", "Tomes pagasts", "Birzgales pagasts",
    "Jaunjelgava", "Sērenes pagasts", "Seces pagasts", "Staburaga pagasts", "Sēlpils pagasts",
    "Salas pagasts", "Jēkabpils", "Dignājas pagasts", "Dunavas pagasts", "Ilūkste",
    "Sventes pagasts", "Skrudalienas pagasts", "Kaplavas pagasts", "Bauska", "Aknīste",
)  # fmt: skip


@pytest.fixture(scope="module")
def network() -> RoadNetwork:
    return RoadNetwork.main_roads()


def name_places() -> dict[str, str]:
    settlements = load_settlements()
    return dict(zip(settlements["name"], settlements["settlement_id"], strict=True))


def test_without_its_bridges_nothing_leads_over_the_daugava(network: RoadNetwork):
    lines = network.to_frame().geometry.to_numpy()
    course = shapely.get_parts(load_rivers().geometry.iloc[0])
    line, part = shapely.STRtree(course).query(lines, predicate="intersects")
    met, at = shapely.get_parts(shapely.intersection(lines[line], course[part]), return_index=True)
    bridges = shapely.points(np.array(list(BRIDGES_KM.values())) * 1000)
    on_bridge, _ = shapely.STRtree(bridges).query(met, predicate="dwithin", distance=NEAR_M)
    kept = np.ones(len(lines), dtype=bool)
    kept[line[at[on_bridge]]] = False
    ends = network.edge_from[kept], network.edge_to[kept]
    graph = coo_array((np.ones(kept.sum()), ends), shape=(len(network.node_id),) * 2)
    _, bank = connected_components(graph, directed=False)
    of_place = dict(zip(network.node_id, bank, strict=True))
    ids = name_places()
    right, left = ({of_place[ids[name]] for name in names} for names in (RIGHT, LEFT))
    assert len(right) == len(left) == 1
    assert right != left


def test_places_that_face_each_other_across_a_river_are_as_far_as_the_bridge(network: RoadNetwork):
    ids, places = name_places(), load_settlements().set_index("settlement_id", drop=False)
    facing = {
        ("Klintaines pagasts", "Staburaga pagasts"): 35,  # by Aizkraukle
        ("Jaunjelgava", "Skrīveru pagasts"): 20,
        ("Dunavas pagasts", "Jersikas pagasts"): 45,  # by Jēkabpils
        ("Līksnas pagasts", "Ilūkste"): 20,
    }
    for (one, other), least_min in facing.items():
        points = places.loc[[ids[one], ids[other]]]
        times = travel_times(network, points, points).travel_min
        assert times[0, 1] > least_min, (one, other, times[0, 1])


def test_streets_lead_over_the_bridge_of_a_town(network: RoadNetwork):
    table = network.to_frame()
    course = load_rivers().geometry.union_all()
    for town in ("Jēkabpils", "Daugavpils", "Bauska"):
        own = table[table["edge_id"].str.startswith(f"link:{name_places()[town]}:")]
        assert own.geometry.intersects(course).any(), town


def test_modelled_ways_cross_at_bridges_and_the_docs_say_how_many(network: RoadNetwork):
    from list_crossings import list_crossings

    crossings = list_crossings(network, load_settlements())
    assert (~crossings["at_bridge"]).sum() <= 1  # Kalnciems: within the error of the course
    text = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    assert (
        f"{len(crossings)} modelled ways cross, {crossings['at_bridge'].sum()} at a bridge" in text
    )


def test_places_with_another_across_the_river_are_listed_and_named(network: RoadNetwork):
    from list_crossings import list_cut_off

    found = list_cut_off(network, load_settlements()).set_index("place")
    assert found.loc["Dunavas pagasts", "across"] == "Jersikas pagasts"
    assert (found["travel_min"] - found["bridged_min"]).min() >= 15
    assert found["straight_km"].max() <= 10
    # Jēkabpils has its bridge; Līvāni's neighbours on its own bank are no matter.
    assert not {"Jēkabpils", "Bauska", "Kuldīga"} & set(found.index)
    text = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    assert f"{len(found)} places" in text
    stems = {name.removesuffix(" pagasts")[:-2] for name in found.index}  # a parish's genitive
    assert not {stem for stem in stems if stem not in text}
