"""How results show themselves in Jupyter."""

from __future__ import annotations

import itertools
import re

import pytest

from socaccess.coverage import SCENARIOS
from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.study import StudyResult
from socaccess.study.notebook import KINDS, show_result
from socaccess.study.release import release


def test_table_tells_the_headline_and_asks_nothing_of_a_network(latgale: StudyResult) -> None:
    html = latgale._repr_html_()
    assert 'lang="lv"' in html and "Latgales plānošanas reģions" in html
    assert "http" not in html and "<script" not in html
    assert html.count("<tr>") == 1 + sum(row["promised"] for row in latgale.summary["services"])
    english = show_result(latgale.released, "en")
    assert "Latgale planning region" in english
    # Every share of the headline as it may leave, service by service in its order.
    shares = [row["covered_share"][scenario] for row in release(latgale).headline["services"]
              if row["promised"] and row["supply_known"] for scenario in SCENARIOS]  # fmt: skip
    shown = re.findall(r'<span style="position:relative">([^<]+)</span>', english)
    assert shown == [Texts("en").share(share) for share in shares] and "80%" in shown


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lang", ["lv", "en"])
def test_figures_have_words_in_the_language(latgale: StudyResult, kind: str, lang: str) -> None:
    figure = latgale.plot(kind, lang=lang)
    (axes,) = figure.axes
    area = "Latgales" if lang == "lv" else "Latgale planning region"
    assert area in axes.get_title(loc="left")
    assert axes.get_legend() is not None
    figure.canvas.draw()


def test_times_show_every_municipality_in_latvian_order(latgale: StudyResult) -> None:
    (axes,) = latgale.plot("times", service="dac_grt").axes
    names = [label.get_text() for label in axes.get_yticklabels()][::-1]
    assert len(names) == len(latgale.municipalities)
    assert names.index("Ludzas novads") < names.index("Līvānu novads") or names[0].startswith("A")
    assert names[0] == "Aglonas novads" and names[-1] == "Zilupes novads"


def test_more_sites_never_cover_fewer(latgale: StudyResult) -> None:
    (axes,) = latgale.plot("sites").axes
    for line in axes.get_lines():
        values = line.get_ydata()
        assert all(one <= other + 1e-9 for one, other in itertools.pairwise(values))


def test_unknown_names_are_told(latgale: StudyResult) -> None:
    for words in ({"kind": "pie"}, {"service": "nothing"}, {"scenario": "later"}):
        with pytest.raises(UnknownNameError):
            latgale.plot(**words)


def test_figures_show_themselves_without_a_backend(latgale: StudyResult) -> None:
    picture = latgale.plot("sites")._repr_png_()  # type: ignore[attr-defined]
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_long_titles_are_not_cut(latgale: StudyResult) -> None:
    figure = latgale.plot("times", service="dac_ft", lang="en")
    figure.draw_without_rendering()
    (axes,) = figure.axes
    title = axes._left_title.get_window_extent()  # type: ignore[attr-defined]
    assert title.x1 <= figure.bbox.x1
    legend = axes.get_legend()
    assert legend is not None and legend.get_window_extent().x1 <= figure.bbox.x1
