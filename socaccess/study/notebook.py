"""How a result shows itself in a notebook: a table with bars, and static figures.

Notebooks are exported and passed on, so everything here is made of a `Release`.
"""

from __future__ import annotations

import textwrap
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from socaccess.coverage import SCENARIOS
from socaccess.errors import InputError, MissingDependencyError, UnknownNameError
from socaccess.i18n import Texts, sort_key
from socaccess.sources.embedded import load_water
from socaccess.study.colours import (
    BANDS,
    CLASSES,
    FACILITY,
    INK,
    MISSING,
    MUTED,
    ROAD,
    SITE,
    STATES,
    WATER,
    colour_of,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from socaccess.study.answer import StudyAnswer
    from socaccess.study.releasing import ReleasedAnswer

__all__ = ["KINDS", "plot_result", "show_result"]

KINDS = ("map", "times", "change", "sites")
"""Figures: map of coverage, times per municipality, before and after, people against sites."""

_STATE_MARKS = {"all": "o", "some": "^", "none": "x"}


def show_result(released: ReleasedAnswer, lang: str = "lv") -> str:
    """Return the headline as HTML: a table with a bar for each share, and nothing from outside."""
    texts = Texts(lang)
    study = released.result.study
    summary, types = released.headline, released.result.service_types
    names = dict(zip(types["service"], types[f"name_{lang}"], strict=True))
    heads = [texts("notebook.service"), texts("notebook.limit"), texts("notebook.persons")]
    heads += [texts(f"notebook.scenario_{scenario}") for scenario in SCENARIOS]
    rows = []
    for row in summary["services"]:
        if not row["promised"]:
            continue
        cells = [
            escape(str(names[row["service"]])),
            texts.number(row["limit_min"]),
            _tell(row["persons"], texts),
        ]
        if row["supply_known"]:
            cells += [_draw_bar(row["covered_share"][scenario], texts) for scenario in SCENARIOS]
        else:
            cells += [escape(texts("notebook.no_data")), "", ""]
        rows.append("<tr>" + "".join(_cell(cell, i > 0) for i, cell in enumerate(cells)) + "</tr>")
    head = "".join(
        f'<th scope="col" style="text-align:{"right" if i else "left"}">{escape(text)}</th>'
        for i, text in enumerate(heads)
    )
    overview = texts(
        "notebook.overview",
        municipalities=texts.number(summary["municipalities"]),
        settlements=texts.number(summary["settlements"]),
        population=texts.number(summary["population"]),
    )
    doubts = "".join(
        f"<li>{escape(doubt.text(lang))}</li>" for doubt in released.result.study.doubts
    )
    return (
        f'<div lang="{lang}" class="socaccess"><p><strong>'
        f"{escape(study.title[lang])}</strong>. {escape(overview)}</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p><small>{escape(texts('notebook.note'))}</small></p>"
        f"{f'<ul>{doubts}</ul>' if doubts else ''}</div>"
    )


def _tell(value: int | str | None, texts: Texts) -> str:
    return escape(value) if isinstance(value, str) else texts.number(value)


def _cell(text: str, right: bool) -> str:
    return f'<td style="text-align:{"right" if right else "left"}">{text}</td>'


def _draw_bar(share: float | None, texts: Texts) -> str:
    if share is None:
        return "–"
    fill = f"width:{100 * share:.1f}%;background:{BANDS[2][0]}"
    return (
        '<div style="position:relative;min-width:6em;padding:0 .3em">'
        f'<div style="position:absolute;inset:2px auto 2px 0;{fill};opacity:.6"></div>'
        f'<span style="position:relative">{texts.share(share)}</span></div>'
    )


def plot_result(
    released: ReleasedAnswer,
    kind: str = "map",
    *,
    service: str | None = None,
    scenario: str = "now",
    lang: str = "lv",
) -> Figure:
    """Return a static figure of a result; see `StudyResult.plot`.

    Raises
    ------
    UnknownNameError
        If the kind, the service or the scenario is not known.
    InputError
        If there is nothing to draw.
    MissingDependencyError
        If matplotlib is not installed.
    """
    if kind not in KINDS:
        raise UnknownNameError("study.unknown_figure", name=kind, known=KINDS)
    if scenario not in SCENARIOS:
        raise UnknownNameError("study.unknown_scenario", name=scenario, known=SCENARIOS)
    assessed = set(released.result.settlement_coverage["service"])
    if service is not None and service not in assessed:
        raise UnknownNameError("study.not_assessed", service=service, known=sorted(assessed))
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("study.needs_matplotlib") from None
    texts = Texts(lang)
    shown = released.result
    services = [service] if service is not None else _count_services(shown)
    if not services:
        raise InputError("study.nothing_to_draw")
    style: dict[Any, Any] = {"font.size": 9, "axes.edgecolor": MUTED, "text.color": INK}
    # A name with two dollar signs is a name, not a formula.
    with mpl.rc_context({**style, "text.parse_math": False}):
        # Constrained, so that a legend beside the axes stays on the paper.
        size = (9, 4) if kind == "sites" else (8, 7)
        figure = _make_figure(Figure, figsize=size, layout="constrained")
        axes = figure.add_subplot()
        if kind == "map":
            _plot_map(axes, shown, services, scenario, texts)
        elif kind == "times":
            _plot_times(axes, shown, services, scenario, texts)
        elif kind == "change":
            _plot_change(axes, shown, services, texts)
        else:
            _plot_sites(axes, shown, services, texts)
        title = _title(shown, kind, services, scenario, texts)
        axes.set_title(textwrap.fill(title, 62), loc="left", fontsize=10)
    return figure


def _make_figure(base: type[Figure], **options: Any) -> Figure:
    """Return a figure that shows itself in a notebook, whatever backend is in use there."""

    class ShownFigure(base):  # type: ignore[misc, valid-type]
        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    return ShownFigure(**options)


def _count_services(result: StudyAnswer) -> list[str]:
    counted = result.summary.get("counted_services") or []
    if counted:
        return list(counted)
    types = result.service_types
    return list(types[types["supply_known"] & types["limit_min"].notna()]["service"])


def _title(result: StudyAnswer, kind: str, services: list[str], scenario: str, texts: Texts) -> str:
    types = result.service_types.set_index("service")
    what = (
        str(types.loc[services[0], f"name_{texts.lang}"])
        if len(services) == 1
        else texts.count("notebook.services", len(services))
    )
    title = texts(f"notebook.title_{kind}", area=result.study.title[texts.lang], what=what)
    if kind in ("map", "times"):
        title += f" ({texts(f'notebook.scenario_{scenario}').lower()})"
    return title


def _mean_shares(result: StudyAnswer, services: list[str], scenario: str) -> pd.Series:
    table = result.coverage
    table = table[
        table["service"].isin(services)
        & (table["scenario"] == scenario)
        & (table["scope"] == "any")
    ]
    return table.groupby("municipality_id")["covered_share"].mean()


def _plot_map(
    axes: Any, result: StudyAnswer, services: list[str], scenario: str, texts: Texts
) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shares = _mean_shares(result, services, scenario)
    outlines = result.municipalities
    colours = [colour_of(shares.get(code)) for code in outlines["municipality_id"]]
    outlines.plot(ax=axes, color=colours, edgecolor=MUTED, linewidth=0.6)
    bounds = axes.axis()
    edges = result.study.network.to_frame()
    if "modelled" in edges:
        edges = edges[~edges["modelled"].astype(bool)]
    load_water(outlines.crs).plot(ax=axes, color=WATER, edgecolor=ROAD, linewidth=0.3, zorder=1.5)
    edges.plot(ax=axes, color=ROAD, linewidth=0.5, zorder=2)
    handles: list[Any] = [
        Patch(facecolor=colour, edgecolor=MUTED,
              label=f"{low}–{high} %" if low != high else f"{high} %")
        for low, high, colour, *_ in CLASSES
    ]  # fmt: skip
    table = result.settlement_coverage
    table = table[(table["scenario"] == scenario) & table["service"].isin(services)]
    within = table.groupby("settlement_id")["covered_share"].mean()
    places = result.settlements[result.settlements["located"]]
    share = within.reindex(places["settlement_id"]).to_numpy()
    states = np.where(share >= 1, "all", np.where(share <= 0, "none", "some"))
    for state, mark in _STATE_MARKS.items():
        at = places[states == state]
        style = {"marker": mark, "s": 22, "linewidths": 0.8, "zorder": 4}
        style |= {"color": INK} if mark == "x" else {"facecolor": STATES[state], "edgecolor": INK}
        axes.scatter(at.geometry.x, at.geometry.y, **style)
        handles.append(
            Line2D([], [], linestyle="", marker=mark, markerfacecolor=STATES[state],
                   markeredgecolor=INK, label=texts(f"notebook.state_{state}"))
        )  # fmt: skip
    facilities = result.facilities
    at = facilities[
        facilities["located"]
        & facilities["service"].isin(services)
        & (facilities["status"] == "operating")
    ]
    axes.scatter(at.geometry.x, at.geometry.y, marker="s", s=20, color=FACILITY, zorder=5)
    handles.append(Line2D([], [], linestyle="", marker="s", color=FACILITY,
                          label=texts("notebook.facility")))  # fmt: skip
    sites = result.sites[result.sites["service"].isin(services)]
    if scenario == "suggested" and len(sites):
        axes.scatter(sites.geometry.x, sites.geometry.y, marker="*", s=110, color=SITE,
                     edgecolor=INK, zorder=6)  # fmt: skip
        handles.append(Line2D([], [], linestyle="", marker="*", markersize=11, color=SITE,
                              markeredgecolor=INK, label=texts("notebook.site")))  # fmt: skip
    axes.axis(bounds)
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _plot_times(
    axes: Any, result: StudyAnswer, services: list[str], scenario: str, texts: Texts
) -> None:
    """Draw from median to P90 minutes of each municipality, with the longest as a dot."""
    table = result.coverage
    table = table[
        table["service"].isin(services)
        & (table["scenario"] == scenario)
        & (table["scope"] == "any")
    ]
    measures = table.groupby("municipality")[["median_min", "p90_min", "max_min"]].mean()
    order = sorted(measures.index, key=sort_key, reverse=True)
    measures = measures.loc[order]
    rows = np.arange(len(measures))
    axes.hlines(rows, measures["median_min"], measures["p90_min"], color=CLASSES[1][2], linewidth=5)
    axes.plot(measures["median_min"], rows, "|", color=INK, markersize=9,
              label=texts("notebook.median"))  # fmt: skip
    axes.plot(measures["max_min"], rows, "o", color=INK, markersize=3,
              label=texts("notebook.longest"))  # fmt: skip
    axes.plot([], [], color=CLASSES[1][2], linewidth=5, label=texts("notebook.p90"))
    limits = result.study.limits_min()
    if len(services) == 1:
        axes.axvline(limits[services[0]], color=MUTED, linestyle="--",
                     label=texts("notebook.limit"))  # fmt: skip
    axes.set_yticks(rows, order)
    axes.set_xlabel(texts(result.study.by_mode("notebook.minutes", "notebook.minutes_transit")))
    axes.set_xlim(left=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _plot_change(axes: Any, result: StudyAnswer, services: list[str], texts: Texts) -> None:
    """Draw the share of each municipality now, with planned and with suggested sites."""
    shares = pd.DataFrame({name: _mean_shares(result, services, name) for name in SCENARIOS})
    shares = shares.dropna(how="all").sort_values(["suggested", "now"], ascending=True)
    names = result.municipalities.set_index("municipality_id")["name"]
    rows = np.arange(len(shares))
    axes.hlines(rows, 100 * shares["now"], 100 * shares["suggested"], color=MISSING, linewidth=3)
    marks = {"now": ("o", INK), "planned": ("s", FACILITY), "suggested": ("*", SITE)}
    for name, (mark, colour) in marks.items():
        axes.plot(100 * shares[name], rows, mark, color=colour, markeredgecolor=INK,
                  markersize=10 if mark == "*" else 5,
                  label=texts(f"notebook.scenario_{name}"))  # fmt: skip
    axes.set_yticks(rows, names.loc[shares.index])
    axes.set_xlim(-2, 102)
    axes.set_xlabel(texts("notebook.percent"))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)


def _plot_sites(axes: Any, result: StudyAnswer, services: list[str], texts: Texts) -> None:
    """Draw the share within the limit against the number of new sites, a line a service."""
    types = result.service_types.set_index("service")
    rows = {row["service"]: row for row in result.summary["services"]}
    styles = ("-", "--", "-.", ":")
    people = float(result.study.settlements["population"].sum())
    for number, service in enumerate(services):
        sites = result.sites[result.sites["service"] == service].sort_values("rank")
        row = rows[service]
        by_need = row["share_of"] == "need"
        gains = sites["gain_persons" if by_need else "gain_population"].astype(float)
        whole = float(row["persons"]) if by_need else people
        shares = (row["covered_share"]["now"] or 0.0) + np.cumsum([0.0, *gains]) / max(whole, 1e-9)
        axes.plot(
            range(len(shares)), 100 * np.minimum(shares, 1.0), styles[number % 4], marker="o",
            color=INK if number < 4 else FACILITY if number < 8 else CLASSES[0][2],
            label=str(types.loc[service, f"name_{texts.lang}"]),
        )  # fmt: skip
    axes.set_ylim(0, 102)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(texts("notebook.new_sites"))
    axes.set_ylabel(texts("notebook.percent"))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=7.5)
