"""What is missing and where: the finding of a study, best said first.

Gaps are ranked by persons outside the limit, not by per cent. Everything is read from the
released result, so that page, annex and notebook say the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from socaccess.i18n import sort_key
from socaccess.study.sizing import LEAST_GAIN, is_guessed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from socaccess.i18n import Texts
    from socaccess.study.release import Release

__all__ = ["Gap", "list_places", "name_places", "rank_gaps", "short_name", "shorten_place",
           "write_lead", "write_left_out", "write_title"]  # fmt: skip

# Of more municipalities a title says how many there are.
NAMED_PLACES = 4


@dataclass(frozen=True)
class Gap:
    """One service of a study: who lives outside its limit now.

    Counts are as released: a number, a mark in place of a small one, or None.
    `nobody_within` names those of the `municipalities` where nobody is within the limit,
    the most inhabitants first; `share` (0-1) is of persons, with what it would be if all times were
    longer (`low`) or shorter (`high`).
    """

    service: str
    target_group: str
    limit_min: float
    persons: int | str | None
    outside: int | str | None
    outside_low: int | str | None
    outside_high: int | str | None
    share: float
    share_low: float | None
    share_high: float | None
    nobody_within: tuple[str, ...]
    municipalities: int


def rank_gaps(released: Release, services: Iterable[str] | None = None) -> list[Gap]:
    """Return the gaps of the study, the most persons outside the limit first.

    Only services that somebody counts and whose need is known: of the others it is not
    known who lacks them.

    Parameters
    ----------
    released
        The released result.
    services
        Only these; by default the promised ones, or all where nothing is promised.
    """
    result: Any = released.result
    rows = _ranked_services(result, services)
    found = [(_persons_outside(row, ""), row) for row in rows]
    found = [(outside, row) for outside, row in found if outside >= LEAST_GAIN]
    found.sort(key=lambda pair: (-pair[0], pair[1]["service"]))
    # Map and annex ask for the same ones several times.
    known = released.kept.setdefault("gaps", {})
    for _, row in found:
        if row["service"] not in known:
            known[row["service"]] = _describe_gap(released, row)
    return [known[row["service"]] for _, row in found]


def write_left_out(
    released: Release,
    texts: Texts,
    names: dict[str, str],
    most: int,
    services: Iterable[str] | None = None,
) -> str:
    """Return which services would be among the first `most` gaps if their providers were sure.

    An empty text where there is none; `names` are those of services.
    """
    gaps = [gap.service for gap in rank_gaps(released, services)[:most]]
    rows = _ranked_services(released.result, services, likely=True)
    outside = {row["service"]: _persons_outside(row, "") for row in rows}
    least = min((outside[name] for name in gaps), default=0.0) if len(gaps) == most else 0.0
    sure = {row["service"] for row in _ranked_services(released.result, services)}
    found = [
        texts(
            "finding.left_out_one",
            service=short_name(texts, "service", row["service"], names[row["service"]]),
            outside=_show_number(
                released.show_part(
                    row["target_group"], outside[row["service"]], float(row["persons"])
                ),
                texts,
            ),
            persons=_show_number(released.show_region(row["target_group"], row["persons"]), texts),
        )
        for row in sorted(rows, key=lambda row: -outside[row["service"]])
        if row["service"] not in sure and outside[row["service"]] >= max(least, LEAST_GAIN)
    ]
    return texts("finding.left_out", services=_join(found, texts)) if found else ""


def _show_number(value: int | str | None, texts: Texts) -> str:
    return value if isinstance(value, str) else texts.number(value)


def _ranked_services(
    result: Any, services: Iterable[str] | None, *, likely: bool = False
) -> list[dict[str, Any]]:
    """Return the rows of services of which it is known who lacks them, or `likely` known."""
    rows = [row for row in result.summary["services"] if _is_counted(result, row, likely)]
    if services is not None:
        wanted = set(services)
        rows = [row for row in rows if row["service"] in wanted]
    return [row for row in rows if row["promised"]] or rows


def _is_counted(result: Any, row: dict[str, Any], likely: bool) -> bool:
    if not row["supply_known"] or row["persons"] is None:
        return False
    if likely:
        return True
    # A service known only by guessing what a register means heads no list.
    return not is_guessed(result.study, row["service"])


def _persons_outside(row: dict[str, Any], end: str) -> float:
    return float(row["persons"]) - float(row[f"covered{end}"]["now"])


def _describe_gap(released: Release, row: dict[str, Any]) -> Gap:
    result: Any = released.result
    group = row["target_group"]
    table = result.coverage
    table = table[
        (table["service"] == row["service"])
        & (table["scenario"] == "now")
        & (table["scope"] == "any")
        & (table["population"] > 0)
    ]
    nobody = table[table["population_covered"] == 0].sort_values(
        ["population", "municipality_id"], ascending=[False, True], kind="stable"
    )

    def show(end: str) -> int | str | None:
        if f"covered{end}" not in row:
            return None
        return released.show_part(group, _persons_outside(row, end), float(row["persons"]))

    return Gap(
        service=row["service"],
        target_group=group,
        limit_min=float(row["limit_min"]),
        persons=released.show_region(group, row["persons"]),
        outside=show(""),
        # If the times are longer, fewer are within and more outside.
        outside_low=show("_high"),
        outside_high=show("_low"),
        share=float(row["covered_share"]["now"]),
        share_low=row.get("covered_share_low", {}).get("now"),
        share_high=row.get("covered_share_high", {}).get("now"),
        nobody_within=tuple(nobody["municipality"].astype(str)),
        municipalities=len(table),
    )


def short_name(texts: Texts, family: str, code: str, name: str) -> str:
    """Return the short name of a service or group for a list; `name` where there is none."""
    return str(texts.family(f"finding.{family}.").get(code, name))


def write_title(gaps: Sequence[Gap], texts: Texts, names: dict[str, str]) -> str:
    """Return the finding in one sentence; `names` are those of services.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> gap = Gap("respite_grt", "adults_grt", 45, 389, 211, None, None, 0.46, None, None,
    ...           ("Rēzekne", "Rēzeknes novads", "Ludzas novads"), 9)
    >>> write_title([gap], Texts("lv"), {})
    'Rēzeknē un Ludzas un Rēzeknes novados pieaugušajiem ar GRT nav atelpas brīža 45 minūtēs'
    """
    if not gaps:
        return texts("finding.title_none")
    gap = gaps[0]
    limit = texts.count("finding.in_minutes", gap.limit_min)
    full = names.get(gap.service, gap.service)
    if not gap.nobody_within:
        return texts("finding.title_share", share=texts.share(1 - gap.share), service=full)
    there = len(gap.nobody_within)
    if there == gap.municipalities > 1:
        places = texts("finding.nowhere")
    elif there > NAMED_PLACES:
        places = texts.count("finding.places_of_all", there, total=gap.municipalities)
    else:
        places = name_places(gap.nobody_within, texts)
    service = texts.family("finding.service_genitive.").get(gap.service)
    group = texts.family("finding.group_dative.").get(gap.target_group)
    if service is None or group is None:
        # The catalogue of a study's own has no case forms.
        return texts("finding.title_plain", places=places, limit=limit, service=full)
    return texts("finding.title", places=places, group=group, service=service, limit=limit)


def write_lead(gap: Gap, texts: Texts) -> str:
    """Return how many persons the first gap is about, with its range where there is one."""
    counts = {
        name: _show_number(value, texts)
        for name, value in (
            ("outside", gap.outside), ("persons", gap.persons),
            ("low", gap.outside_low), ("high", gap.outside_high),
        )
    }  # fmt: skip
    known = isinstance(gap.outside_low, int) and isinstance(gap.outside_high, int)
    key = "finding.lead_range" if known else "finding.lead"
    return texts(key, n=texts.number(gap.limit_min), **counts)


def name_places(names: Sequence[str], texts: Texts) -> str:
    """Return where something is: cities in the locative, municipalities by their stems.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> name_places(["Daugavpils", "Krāslavas novads"], Texts("lv"))
    'Daugavpilī un Krāslavas novadā'
    """
    parts = [_locative(name, texts) for name in names if not name.endswith(" novads")]
    stems = [name.removesuffix(" novads") for name in names if name.endswith(" novads")]
    if stems:
        key = "finding.county" if len(stems) == 1 else "finding.counties"
        parts.append(texts(key, names=_join(sorted(stems, key=sort_key), texts)))
    return _join(parts, texts)


def list_places(names: Sequence[str], texts: Texts) -> str:
    """Return a short list of municipalities for a line of small print.

    Examples
    --------
    >>> from socaccess.i18n import Texts
    >>> list_places(["Daugavpils", "Krāslavas novads"], Texts("lv"))
    'Daugavpils, Krāslavas nov.'
    """
    short = [shorten_place(name) for name in names]
    rest = len(short) - NAMED_PLACES
    places = ", ".join(short[:NAMED_PLACES])
    return texts("finding.and_others", places=places, n=rest) if rest > 0 else places


def shorten_place(name: str) -> str:
    """Return the name of a municipality or settlement as a row of a table has it.

    Examples
    --------
    >>> shorten_place("Ludzas novads")
    'Ludzas nov.'
    """
    return name.replace(" novads", " nov.").replace(" pagasts", " pag.")


def _locative(name: str, texts: Texts) -> str:
    """Return the name of a city as it answers "where"."""
    if texts.lang == "lv":
        for ending, locative in (("pils", "pilī"), ("a", "ā"), ("e", "ē"), ("i", "os")):
            if name.endswith(ending):
                return name.removesuffix(ending) + locative
    return texts("finding.place_plain", name=name)


def _join(parts: Sequence[str], texts: Texts) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return texts("finding.and", first=", ".join(parts[:-1]), last=parts[-1])
