"""The pages of a plan, read as a reader does: what stands under which heading, by hand."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal

import geopandas as gpd
import pandas as pd
import pytest
from small_worlds import CRS, at, square, straight_road, two_municipalities

import socaccess as sa
from socaccess.content import Document, List, Rendering, Section, Table
from socaccess.documents.markdown import render_markdown
from socaccess.documents.programme import Pages
from socaccess.documents.word import render_docx
from socaccess.network import RoadNetwork
from socaccess.planning.opening import open_result
from socaccess.programme.budget import Budget
from socaccess.programme.compilation import compile_programme
from socaccess.programme.eraf import Application, check_application
from socaccess.programme.models import ModelInputs, model_municipalities
from socaccess.programme.objects import OBJECTS, PlanObjects
from socaccess.programme.pages import build_annex, build_model
from socaccess.programme.plan_file import default_plan
from socaccess.sources.boundaries import load_municipalities
from socaccess.study import Study, StudyResult

NAMES = {"dac": "Day centre", "care": "Home care", "shop": "Workshop"}


@pytest.fixture(scope="module")
def world() -> StudyResult:
    """The two municipalities under a name whose goals are published."""
    return Study(**{**two_municipalities(), "name": "latgale"}).run(sites=False)


def read_tables(document: Document) -> dict[str, pd.DataFrame]:
    """Return every table by its section's heading, cells as a reader sees them."""
    rendering = Rendering.of(document)
    found: dict[str, pd.DataFrame] = {}
    heading = ""
    for block, _ in document.walk():
        if isinstance(block, Section):
            heading = rendering.plain(block.title)
        elif isinstance(block, Table):
            header = [rendering.plain(column.title) for column in block.columns]
            rows = [
                [rendering.cell_text(v, c) for v, c in zip(row, block.columns, strict=True)]
                for row in block.rows
                if len(row) > 1  # else the heading of a group
            ]
            found[heading] = pd.DataFrame(rows, columns=header).set_index(header[0])
    return found


def read_points(document: Document) -> list[str]:
    rendering = Rendering.of(document)
    return [
        rendering.plain(item)
        for block, _ in document.walk()
        if isinstance(block, List)
        for item in block.items
    ]


@pytest.fixture(scope="module")
def programme(world) -> dict[str, pd.DataFrame]:
    plan = default_plan("latgale", years=(2021, 2026))
    return read_tables(Pages(compile_programme(plan, world, below=0), "en").compose())


def test_who_sells_and_who_buys(programme):
    # The only centre stands in the West and serves two settlements of the East.
    row = programme["Cooperation"].loc["Day centre"]
    assert row.to_dict() == {
        "Serve others too": "Rietumu novads",
        "Go to others": "Austrumu novads",
    }


def test_headings_of_services_stand_over_their_numbers(programme):
    row = programme["Services there are"].loc["Day centre"]
    # Of 2150 inhabitants 2000 are within 20 minutes of B, 2100 with the centre planned at E.
    assert row.to_dict() == {
        "Limit, min": "20",
        "Operating": "2",
        "Clients planned for": "–",
        "Inhabitants within the limit": "93%",
        "With those planned": "98%",
    }


def test_headings_of_goals_stand_over_their_numbers(programme):
    goals = programme["Goals and result indicators"]
    row = goals[goals["Goal"] == "389"].iloc[0]
    assert row["Persons"] == "171"
    assert row["Share"] == "44%"
    assert row["Status"] == "not reached"


def test_headings_of_money_stand_over_their_numbers(world):
    compiled = compile_programme(default_plan("latgale", years=(2025, 2026)), world, below=0)
    paid = [
        (2025, "running", "esf", 3000), (2025, "running", "municipality", 1000),
        (2025, "transport", "client", 5000), (2025, "capital", "eraf", 8000),
        (2026, "running", "state", 2000),
    ]  # fmt: skip
    lines = [(year, "west", "dac", kind, payer, Decimal(eur)) for year, kind, payer, eur in paid]
    columns = ["year", "municipality_id", "service", "kind", "payer", "amount"]
    vars(compiled)["budget"] = Budget(pd.DataFrame(lines, columns=columns))
    rows = read_tables(Pages(compiled, "en").compose())["Money"]
    assert rows.loc["2025"].to_dict() == {
        "running": "4", "transport": "5", "capital": "8", "ESF": "3", "ERDF": "8", "state": "0",
        "municipality": "1", "client": "5", "Total": "17",
    }  # fmt: skip
    names = ["running", "transport", "capital", "state", "Total"]
    assert rows.loc["2026", names].tolist() == ["2", "0", "0", "2", "2"]


def test_low_is_low_and_only_the_last_year_is_shown(world):
    plan = default_plan("latgale", years=(2021, 2026))
    pages = Pages(compile_programme(plan, world, below=0), "en")
    table = next(b for b in pages.describe_forecast().blocks if isinstance(b, Table))
    assert Rendering.of(pages.compose()).plain(table.caption) == "Clients to come in 2026"
    for row in table.rows:
        assert len(row) == 1 or row[1] < row[2] < row[3], row


def test_obstacles_say_how_many_and_how_far(programme):
    rows = programme["Accessibility and obstacles"].loc["Day centre"].set_index("Obstacle")
    assert rows.loc["too far"].tolist() == ["1", "100", "20"]  # e: 40 min, limit 20
    assert rows.loc["only another municipality's within the limit"].tolist()[:2] == ["2", "500"]


def test_a_model_says_what_is_its_own_and_what_is_others(world):
    east, west = model_municipalities(world)
    page = build_model(east, NAMES, "en", form="full", allow_small_counts=True)
    row = read_tables(page)["Services"].loc["Day centre"]
    assert row[["In need", "Own facilities", "Others' in reach", "Beyond the limit"]].tolist() == [
        "11", "0", "1", "6"]  # fmt: skip
    row = read_tables(build_model(west, NAMES, "en", allow_small_counts=True))["Services"]
    assert row.loc["Day centre"][["In need", "Own facilities", "Beyond the limit"]].tolist() == [
        "14", "1", "0"]  # fmt: skip
    gaps = read_tables(page)["Settlements beyond the limit"].loc["Day centre"]
    assert gaps.loc[gaps["Site"] == "Egles"].iloc[0].tolist()[1:3] == ["40", "20"]


def make_objects(municipality: str) -> PlanObjects:
    row = dict.fromkeys((column.name for column in OBJECTS.columns), None)
    row |= {"object_id": "o1", "name": "Centrs", "service": "dac", "status": "planned",
            "municipality_id": municipality, "source": "plan"}  # fmt: skip
    return PlanObjects(pd.DataFrame([row]), pd.DataFrame())


@pytest.fixture(scope="module")
def verdict(world):
    return check_application(
        world,
        Application(
            "east", "dac", "Egles", 5, "100000.01", {"eraf": "0.85", "municipality": "0.15"}
        ),
        objects=make_objects("east"),
        take_up=1.0,
    )


EFFECT = "Who would have it within the limit"


def test_an_annex_says_who_gains(verdict):
    page = build_annex(verdict, NAMES, "en", below=0)
    tables = read_tables(page)
    (effect,) = [t for t in tables.values() if "Austrumu novads" in t.index]
    # 11 persons: c and d (5) have B within 20 min; e (5) would have the site; z (1) has nothing.
    assert effect.loc["Austrumu novads"].tolist() == ["11", "5", "10", "5", "1"]
    heading = list(effect.columns)
    assert heading[0] == "Persons"
    assert heading[1:3] == ["Near now", "Near with the site"]
    (money,) = [t for t in tables.values() if "ERDF" in " ".join(t.index)]
    assert [*money.iloc[:, 0]] == ["85,000.01", "15,000.00", "100,000.01"]
    answers = tables[""]
    gap = answers.loc["Does it close a gap?"]
    assert gap.iloc[0] == "yes"
    assert "within it: 5, of them in" in gap.iloc[1].replace("come ", "")
    assert "Still beyond it there: 1." in gap.iloc[1]


def test_who_asks_stands_first(world):
    asked = Application("west", "dac", "Ābeles", 5, None, {})
    effect = check_application(world, asked, objects=make_objects("west"), take_up=1.0).effect
    assert effect["municipality_id"].tolist() == ["west", "east"]


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_an_annex_hides_every_small_count_in_every_form(verdict, lang):
    page = build_annex(verdict, NAMES, lang, below=6)
    tables = read_tables(page)
    (effect,) = [t for t in tables.values() if "Austrumu novads" in t.index]
    # Everyone is 11: a gain of 5 and the 1 who remains are hidden, 10 would leave 1, 5 is small.
    assert effect.loc["Austrumu novads"].tolist() == ["11", "<6", ">5", "<6", "<6"]
    markdown = render_markdown(page)
    with zipfile.ZipFile(io.BytesIO(render_docx(page))) as docx:
        word = docx.read("word/document.xml").decode("utf-8")
    assert "| 5 |" not in markdown
    assert "| 1 |" not in markdown
    assert ">5<" not in word  # a cell of its own
    assert ">1<" not in word
    assert markdown.count("<6") >= 3
    gap = [cell for cell in tables[""].iloc[:, 1] if "<6" in cell]
    assert gap, tables[""]


def test_points_say_on_what_a_page_rests(verdict, world):
    points = read_points(build_annex(verdict, NAMES, "en", below=6))
    assert any("fewer than 6" in point or "fewer than six" in point for point in points)
    lifted = build_annex(verdict, NAMES, "en", below=0)
    assert "on purpose" in Rendering.of(lifted).plain(lifted.warning)
    assert not build_annex(verdict, NAMES, "en", below=6).warning


def test_transport_is_charged_to_those_who_travel_only(latgale):
    without = sa.planning.budget(latgale, [2026])
    charged = sa.planning.budget(latgale, [2026], eur_per_km="0.30")
    types = latgale.study.service_types.set_index("service")
    dearer = (
        charged.by_service.set_index("service")["amount"]
        > without.by_service.set_index("service")["amount"]
    )
    travelling = (types["traveller"] == "client") & (types["form"] != "residence")
    assert dearer.to_dict() == travelling[dearer.index].to_dict()
    assert set(dearer) == {True, False}
    homes = [
        cost.service for cost in charged.costs if types.loc[cost.service, "form"] == "residence"
    ]
    assert homes, "no home has a price, so nothing is tested"
    kinds = charged.by_kind.groupby("kind")["amount"].sum()
    assert kinds["transport"] == charged.total - without.total


def test_movers_are_near_only_where_a_home_is(world):
    moving = pd.DataFrame(
        {
            "institution_id": ["I1"] * 3,
            "origin": ["west", "west", None],
            "choice": ["east", None, None],
            "persons": [4, 2, 1],
        }
    )
    # The workshop at A is 0 and 10 min from the West, 20 and more from the East; the limit is 15.
    found = sa.planning.movers(world, moving, service="shop", allow_small_counts=True)
    assert found.sums == {"persons": 7.0, "near": 2.0, "undecided": 1.0}
    rows = found.groups.set_index("decided_by")["within_limit"]
    assert [rows["choice"], rows["origin"], rows["nobody"]] == [False, True, None]
    assert not found.is_estimate
    # Of seven who leave, two near one and one undecided are too few to be named.
    hidden = sa.planning.movers(world, moving, service="shop")
    assert hidden.sums == {"persons": 7.0, "near": "<5", "undecided": "<5"}
    assert hidden.groups["persons"].tolist() == ["<5"] * 3


def four_neighbours() -> Study:
    """A, B, C and D: ten minutes apart, a municipality each; 4, 1, 6 and 3 persons in need."""
    tables = two_municipalities()
    nodes, edges = straight_road()
    names = {"a": "Ābeļu novads", "b": "Bērzu novads", "c": "Ceriņu novads", "d": "Dūņu novads"}
    tables["municipalities"] = gpd.GeoDataFrame(
        {"municipality_id": list(names), "name": list(names.values())},
        geometry=[square(10 * i - 5, 10 * i + 5) for i in range(4)],
        crs=CRS,
    )
    tables["settlements"] = gpd.GeoDataFrame(
        {"settlement_id": list("abcd"), "name": ["Ābeles", "Bērzi", "Cerini", "Dūņi"],
         "municipality_id": list("abcd"), "population": [100] * 4},
        geometry=[at(10 * i) for i in range(4)],
        crs=CRS,
    )  # fmt: skip
    tables["need"] = pd.DataFrame(
        {"settlement_id": list("abcd"), "target_group": "adults_grt",
         "persons": [4.0, 1.0, 6.0, 3.0], "basis": "published"}
    )  # fmt: skip
    tables["facilities"] = tables["facilities"].assign(municipality_id="beyond")
    tables["network"] = RoadNetwork.from_edges(nodes, edges, crs=CRS)
    return Study(**tables)


def test_partners_are_as_few_as_can_be_those_with_most_clients_first():
    result = four_neighbours().run(sites=False)

    def find(least: float) -> pd.Series:
        inputs = ModelInputs(min_clients={"dac": least}, take_up={"dac": 1.0})
        model = model_municipalities(result, inputs, municipality_ids=["a"])[0]
        return model.services.set_index("service").loc["dac"]

    assert find(4)["viable"] == "alone"
    ten = find(10)  # 4 of its own and the 6 of C; with B and D first it would take three
    assert (ten["viable"], ten["partners"], ten["site_clients"]) == (
        "together", "Ceriņu novads", 10.0)  # fmt: skip
    assert find(13)["partners"] == "Ceriņu novads, Dūņu novads"
    assert find(15)["viable"] == "neither"


def test_a_balance_is_left_out_where_it_would_tell(world, latgale):
    shown = sa.planning.cooperation(world, "dac", allow_small_counts=True)
    rows = shown.balance.set_index("municipality_id")
    # West sells five places to East.
    assert rows.loc["west", ["bought", "sold", "balance"]].tolist() == [0, 5, 5]
    assert rows.loc["east", ["bought", "sold", "balance"]].tolist() == [5, 0, -5]
    hidden = sa.planning.cooperation(latgale, "dac_grt").balance
    assert hidden["balance"].isna().any()
    assert hidden["balance"].notna().any()
    for row in hidden.to_dict("records"):
        marked = isinstance(row["bought"], str) or isinstance(row["sold"], str)
        assert (row["balance"] is None) == marked, row


def test_a_page_in_latvian_holds_no_code_and_no_english(latgale):
    from socaccess.study.release import release

    released, below = open_result(release(latgale))
    plan = default_plan("latgale", view="plan", years=(2026, 2028))
    pages = Pages(compile_programme(plan, released, below=below))
    short, full = pages.compose("short"), pages.compose()
    text = render_markdown(full)
    for part in ("2028", "389", "nav atbildes"):
        assert part in text
    assert "{" not in text
    assert "_grt" not in text.replace("\\", "")
    assert len([b for b in short.blocks if isinstance(b, Section)]) == 8
    sections = [block for block in full.blocks if isinstance(block, Section)]
    models = next(s for s in sections if all(isinstance(b, Section) for b in s.blocks))
    assert {model.title for model in models.blocks} == set(latgale.study.municipalities["name"])
    names = load_municipalities(2009)["name"].tolist()
    table = read_tables(short)["Sadarbība"]
    told = {
        n.strip()
        for cell in table.to_numpy().ravel()
        for n in cell.replace(" un ", ", ").split(",")
    }
    assert told - {"–"} <= set(names)
