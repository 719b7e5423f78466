"""What leaves together tells no hidden count: reports and studies, attacked by the audit."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import socaccess as sa
from socaccess import rounds
from socaccess.cli.data import app
from socaccess.errors import InputError
from socaccess.privacy import show_count, show_counts
from socaccess.privacy.audit import audit_folders
from socaccess.rounds.monitoring import ProgressReport
from socaccess.study.release import protect_persons
from tests.small_worlds import two_municipalities
from tests.trust.test_every_command import draw_counts, list_need

SERVICES = ("all", "a", "b", "c")


def make_report(draw: np.random.Generator, places: int = 7) -> ProgressReport:
    """Return a report of random counts in which nobody is counted in a service and not in all."""
    rows = []
    for place in range(places):
        answered = bool(draw.random() < 0.7)
        whole = int(draw.integers(0, draw.choice([4, 9, 40])))
        for service in SERVICES:
            now = whole if service == "all" else int(draw.integers(0, whole + 1))
            before = now if not answered else int(draw.integers(0, now + 1))
            rows.append(
                {"municipality_id": f"m{place}", "municipality": f"M{place}",
                 "target_group": "grt", "service": service,
                 "assessed": float(whole + draw.integers(0, 6)) if service == "all" else np.nan,
                 "recipients": float(now), "recipients_before": float(before),
                 "answered": answered}
            )  # fmt: skip
    table = pd.DataFrame(rows)
    # "all" before is at least every service before.
    largest = table.groupby("municipality_id")["recipients_before"].transform("max")
    table["recipients_before"] = table["recipients_before"].where(
        table["service"] != "all", largest
    )
    whole = table["municipality_id"].map(
        table[table["service"] == "all"].set_index("municipality_id")["assessed"]
    )
    table["assessed_of_group"] = whole
    table["share_of_assessed"] = table["recipients"] / whole
    sums = table.groupby(["target_group", "service"], as_index=False)[
        ["assessed", "assessed_of_group", "recipients", "recipients_before"]
    ].sum(min_count=1)
    sums["share_of_assessed"] = sums["recipients"] / sums["assessed_of_group"]
    empty = pd.DataFrame({name: pd.Series(dtype=object) for name in
                          ("row", "issued", "said", "stood", "remark", "municipality_id", "item",
                           "column", "decision", "decided_by", "decided_at")})  # fmt: skip
    places_table = pd.DataFrame(columns=["municipality_id", "municipality", "service"])
    return ProgressReport("r", "2021-12-31", "", {"lv": "x", "en": "x"}, table, sums, places_table,
                          places_table, empty, {f"m{i}": 1000.0 + i for i in range(places)}, places,
                          places)  # fmt: skip


def write_tables(report, folder):
    folder.mkdir(parents=True, exist_ok=True)
    report.persons.to_csv(folder / "persons.csv", index=False)
    report.persons_total.to_csv(folder / "persons_total.csv", index=False)


def test_no_hidden_count_of_a_report_is_narrowed(tmp_path):
    hidden = 0
    for seed in range(4):
        report = make_report(np.random.default_rng(seed))
        folder = tmp_path / str(seed)
        write_tables(rounds.hide_report(report), folder)
        found = audit_folders([folder])
        assert not found.narrowed and not found.contradictory, seed
        hidden += found.hidden
        # Withholding everything would be safe as well, and of no use.
        assert found.shown > 0
    assert hidden > 100


def test_the_audit_finds_what_was_found_in_reports_before(tmp_path):
    """Each column hidden on its own, as it was: the same attack narrows many."""
    from socaccess.rounds.hiding import protect_column

    narrowed = 0
    for seed in range(2):
        report = make_report(np.random.default_rng(seed))
        persons = report.persons
        for service in SERVICES:
            mine = persons["service"] == service
            for name in ("assessed", "recipients", "recipients_before"):
                part = protect_column(persons[mine], name, "target_group", report.inhabitants, 5)
                persons = persons.astype({name: object})
                persons.loc[mine, name] = part[name]
        folder = tmp_path / str(seed)
        folder.mkdir()
        persons.to_csv(folder / "persons.csv", index=False)
        report.persons_total.to_csv(folder / "persons_total.csv", index=False)
        narrowed += len(audit_folders([folder]).narrowed)
    assert narrowed >= 3


def answer_everywhere(report: ProgressReport) -> ProgressReport:
    """Return a report with an accepted answer for every count that is another than before."""
    risen = report.persons[report.persons["recipients"] > report.persons["recipients_before"]]
    answers = [
        {"row": f"P{number}", "item": f"{row.municipality_id}/grt/{row.service} GRT",
         "municipality_id": row.municipality_id, "column": "recipients", "decision": "accepted"}
        for number, row in enumerate(risen.itertuples(), start=2)
    ]  # fmt: skip
    return replace(report, answers=pd.DataFrame(answers).reindex(columns=report.answers.columns))


def test_answers_on_hidden_counts_do_not_narrow_them(tmp_path):
    """That a count was answered says that it rose: one hidden now and before has four values."""
    report = answer_everywhere(make_report(np.random.default_rng(3)))
    hidden = rounds.hide_report(report)
    assert 0 < len(hidden.answers) < len(report.answers)
    for folder, answers in (("shown", report.answers), ("as it leaves", hidden.answers)):
        write_tables(hidden, tmp_path / folder)
        answers.to_csv(tmp_path / folder / "answers.csv", index=False)
    assert audit_folders([tmp_path / "shown"]).narrowed
    assert not audit_folders([tmp_path / "as it leaves"]).narrowed


def test_a_report_of_a_round_is_not_narrowed(tmp_path):
    report = answer_everywhere(make_report(np.random.default_rng(99), places=9))
    hidden = rounds.hide_report(report)
    files = rounds.write_report(hidden, {"grt": "GRT", "a": "a", "b": "b", "c": "c"}, lang="en")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    done = CliRunner().invoke(app, ["audit", str(tmp_path), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert "No hidden count" in done.output


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Return the folders of one study run in several ways: its limits, without sites, apart."""
    folder = tmp_path_factory.mktemp("outputs")
    tables = two_municipalities()
    tables["need"] = tables["need"].assign(persons=[10.0, 4.0, 3.0, 2.0, 5.0, 1.0])
    study = sa.Study(**tables)
    sa.write_outputs(study.run(), folder / "whole")
    sa.write_outputs(study.run(sites=False), folder / "no_sites")
    for limit in (30.0, 31.0):
        limits = dict.fromkeys(("dac", "care", "shop", "crisis"), limit)
        other = replace(study, settings=replace(study.settings, limits_min=limits))
        sa.write_outputs(other.run(sites=False), folder / f"limit_{limit:.0f}")
    return folder


def test_the_outputs_of_a_study_are_not_narrowed_singly_or_together(outputs):
    limits = [outputs / "limit_30", outputs / "limit_31"]
    for folders in ([outputs / "whole"], [outputs / "no_sites"], limits, [outputs]):
        found = audit_folders(folders)
        assert found.hidden >= 5 and found.shown >= 2
        assert not found.narrowed, [vars(each) for each in found.narrowed]
        assert not found.contradictory


def write_counts(study, counts, folder, *, together):
    """Write the counts of a study as `run` does; each border on its own if not together."""
    study = replace(study, need=list_need(counts.loc[study.settlements["settlement_id"]]))
    if not together:
        alone = study.settlements.drop(columns="planning_region_2009")
        study = replace(study, settlements=alone)
    found = protect_persons(study)[1]
    places = study.settlements[["settlement_id", "municipality_id", "geometry"]].copy()
    homes = study.municipalities["municipality_id"]
    rows, groups = [], []
    for name, shown in found.items():
        persons = counts[name].loc[places["settlement_id"]].to_numpy(dtype=float)
        places[f"persons_{name}"] = pd.Series(
            show_counts(persons, shown.members, 5), index=places.index
        ).astype(str)
        sums = pd.Series(persons).groupby(places["municipality_id"].to_numpy()).sum()
        cells = show_counts(sums.reindex(homes).to_numpy(), shown.groups, 5)
        rows += [{"municipality_id": home, "target_group": name, "persons": cell}
                 for home, cell in zip(homes, cells, strict=True)]  # fmt: skip
        groups.append({"target_group": name, "persons": show_count(persons.sum(), shown.total, 5)})
    folder.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(folder / "coverage.csv", index=False)
    places.to_file(folder / "layers.gpkg", layer="settlements")
    about = {"study": folder.name, "view": study.view, "headline": {"groups": groups}}
    (folder / "study.json").write_text(json.dumps(about), encoding="utf-8")


@pytest.fixture(scope="module")
def countries():
    """The whole country in today's borders and in the plan's, and counts, most of them small."""
    views = {view: sa.Study.load("latvia", view=view) for view in ("today", "plan")}
    groups = sorted(views["today"].need["target_group"].unique())
    return views, draw_counts(views["today"].settlements["settlement_id"].tolist(), groups)


def write_regions(countries, folder, *, together, regions):
    views, counts = countries
    for view, country in views.items():
        column = "planning_region" if view == "today" else "planning_region_2009"
        for region in regions:
            places = country.settlements[country.settlements[column] == region]
            part = country.select(places["municipality_id"].unique().tolist())
            write_counts(part, counts, folder / view / region, together=together)


def test_regions_in_both_borders_are_not_narrowed_together(countries, tmp_path):
    """Runs of two regions, one of which was given settlements of the other, by both borders."""
    write_regions(countries, tmp_path, together=True, regions=["vidzeme", "riga"])
    found = audit_folders([tmp_path])
    assert found.files == 4 and found.hidden > 500 and found.shown > 200
    assert not found.narrowed, [vars(each) for each in found.narrowed][:5]
    assert not found.contradictory


def test_borders_protected_each_on_its_own_tell_hidden_counts_together(countries, tmp_path):
    """Neither border tells a count; the sums of both, one subtracted from the other, do."""
    write_regions(countries, tmp_path, together=False, regions=["latgale"])
    for view in ("today", "plan"):
        assert not audit_folders([tmp_path / view]).narrowed
    assert len(audit_folders([tmp_path]).narrowed) > 20


def test_the_audit_works_out_what_is_only_hidden_where_it_is_small(tmp_path):
    folder = tmp_path / "naive"
    folder.mkdir()
    rows = [("m0", "grt", "all", "<5"), ("m1", "grt", "all", "9"), ("m2", "grt", "all", "20")]
    table = pd.DataFrame(rows, columns=["municipality_id", "target_group", "service", "recipients"])
    table.to_csv(folder / "persons.csv", index=False)
    total = pd.DataFrame([("grt", "all", 32)], columns=["target_group", "service", "recipients"])
    total.to_csv(folder / "persons_total.csv", index=False)
    done = CliRunner().invoke(app, ["audit", str(folder), "--json"])
    assert done.exit_code == 3
    (narrowed,) = json.loads(done.output)["narrowed"]
    assert (narrowed["low"], narrowed["high"]) == (3, 3)


def test_a_folder_without_counts_is_refused(tmp_path):
    for folder, code in (
        (tmp_path, "privacy.nothing_to_audit"),
        (tmp_path / "x", "privacy.no_folder"),
    ):
        with pytest.raises(InputError) as caught:
            audit_folders([folder])
        assert caught.value.code == code


def test_a_threshold_under_five_warns_in_every_file(tmp_path):
    import openpyxl

    tables = {**two_municipalities(), "settings": sa.Settings(suppress_below=2)}
    sa.write_outputs(sa.Study(**tables).run(), tmp_path, lang="en")
    warning = "fewer than 5 persons"
    for file in ("coverage.csv", "gaps.csv", "sites.csv"):
        assert pd.read_csv(tmp_path / file)["warning"].str.contains(warning).all()
    assert warning in json.loads((tmp_path / "study.json").read_text("utf-8"))["warning"]["en"]
    assert "very small counts of persons" in (tmp_path / "map.html").read_text("utf-8")
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    assert any(warning in str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)
