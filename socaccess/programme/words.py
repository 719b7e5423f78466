"""Words of a plan's pages: names in Latvian cases, sentences of findings, models and annexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from socaccess.errors import UnknownNameError
from socaccess.i18n import Texts
from socaccess.privacy import find_small, hide_small, mark_above, mark_small, show_small
from socaccess.programme.eraf import Finding, Verdict
from socaccess.programme.models import MunicipalityModel

__all__ = [
    "build_annex",
    "build_model",
    "describe_finding",
    "join_names",
    "make_table",
    "say_in",
    "say_of",
]

_OF = (("novads", "novada"), ("a", "as"), ("e", "es"))
_IN = (("novads", "novadā"), ("pils", "pilī"), ("a", "ā"), ("e", "ē"))


def say_of(name: str) -> str:
    """Return a municipality's name in the genitive.

    Examples
    --------
    >>> [say_of(name) for name in ("Ludzas novads", "Rēzekne", "Liepāja", "Daugavpils")]
    ['Ludzas novada', 'Rēzeknes', 'Liepājas', 'Daugavpils']
    """
    return _change(name, _OF)


def say_in(name: str) -> str:
    """Return a municipality's name in the locative.

    Examples
    --------
    >>> [say_in(name) for name in ("Ludzas novads", "Rēzekne", "Liepāja", "Daugavpils")]
    ['Ludzas novadā', 'Rēzeknē', 'Liepājā', 'Daugavpilī']
    """
    return _change(name, _IN)


def join_names(names: Sequence[str], last: str) -> str:
    """Return names as in a sentence, the last after a word such as `un`.

    Examples
    --------
    >>> join_names(["A", "B", "C"], "un"), join_names(["A"], "un")
    ('A, B un C', 'A')
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def _change(name: str, endings: Sequence[tuple[str, str]]) -> str:
    for old, new in endings:
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


FORMS = ("short", "full")
_COUNTED = ("gap", "gain", "gain_here", "remaining", "everyone", "expected", "within",
            "expected_within")  # fmt: skip
_SHARES = ("share",)
_AMOUNTS = ("per_place",)


def make_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    r"""Return a Markdown table; what would break it is escaped.

    Examples
    --------
    >>> print(make_table(["a", "b"], [[1, "x|y"]]))
    | a | b |
    | --- | --- |
    | 1 | x\|y |
    """

    def line(cells: Sequence[object]) -> str:
        escaped = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
        return "| " + " | ".join(escaped) + " |"

    return "\n".join([line(header), line(["---"] * len(header)), *map(line, rows)])


def build_model(
    model: MunicipalityModel,
    service_names: Mapping[str, str],
    lang: str = "lv",
    *,
    form: str = "short",
    allow_small_counts: bool = False,
) -> str:
    """Return a municipality's model as Markdown.

    Parameters
    ----------
    model
        The model.
    service_names
        Name of each service in the language.
    lang
        `lv` or `en`.
    form
        `short`: what it has, lacks and could do, in a few lines; `full`: also every
        neighbour and every settlement beyond a limit.
    allow_small_counts
        Show counts of fewer people than the threshold too, and say so.
    """
    if form not in FORMS:
        raise UnknownNameError(f"no form {form!r}; use {' or '.join(FORMS)}")
    texts = Texts(lang)
    tables = model.show(allow_small_counts=allow_small_counts)
    services = tables["services"]
    lines = [f"# {texts('plan.model_title', name=model.name)}", ""]
    if len(services):
        own = int((services["own_facilities"] > 0).sum())
        other = services["own_facilities"].eq(0) & services["reachable_facilities"].gt(0)
        lines += [
            texts(
                "plan.model_short",
                with_own=own,
                services=len(services),
                near=int(other.sum()),
                unknown=int((~services["supply_known"]).sum()),
            ),
            "",
        ]
    header = [texts(f"plan.{key}") for key in (
        "service", "model_priority", "model_need", "model_clients", "model_own", "model_places",
        "model_reachable", "model_gap_persons", "model_viable")]  # fmt: skip
    rows = [
        (
            service_names.get(row["service"], row["service"]),
            row["priority"] or "–",
            _number(row["persons"], texts),
            _number(row["clients"], texts),
            row["own_facilities"],
            _number(row["own_places"], texts),
            row["reachable_facilities"],
            _number(row["gap_persons"], texts),
            texts(f"plan.viable_{row['viable']}"),
        )
        for row in _records(services)
    ]
    lines += [f"## {texts('plan.model_services')}", "", make_table(header, rows), ""]
    together = services[services["viable"] == "together"] if len(services) else services
    for row in _records(together):
        lines.append(
            "- "
            + texts(
                "plan.model_together",
                service=service_names.get(row["service"], row["service"]),
                site=row["site"],
                partners=row["partners"],
            )
        )
    if len(together):
        lines.append("")
    if form == "full":
        lines += _tell_details(tables, service_names, texts)
    lines += [
        *(f"- {line}" for line in (
            texts("plan.model_clients_note"),
            texts("plan.model_not_judged")
            if len(services) and (services["viable"] == "not_judged").any()
            else "",
            texts("plan.model_no_supply") if services["gap_persons"].isna().any() else "",
            *sorted({texts(f"plan.model_basis_{basis}") for basis in services["backed_basis"]}),
            texts("plan.limits_are_proposals"),
            texts("plan.need_is_estimate"),
            texts("plan.small_shown")
            if allow_small_counts
            else texts("plan.small_hidden", below=model.suppress_below),
        ) if line),
        "",
    ]  # fmt: skip
    return "\n".join(lines)


def _tell_details(
    tables: Mapping[str, pd.DataFrame], names: Mapping[str, str], texts: Texts
) -> list[str]:
    sharing = [
        (names.get(row["service"], row["service"]), row["partner"], row["settlement"],
         _number(row["clients_own"], texts), _number(row["clients_together"], texts))
        for row in _records(tables["sharing"])
    ]  # fmt: skip
    gaps = [
        (names.get(row["service"], row["service"]), row["settlement"],
         texts.number(row["travel_min"]) if row["travel_min"] is not None else "–",
         texts.number(row["limit_min"]), row["facility"] or "–")
        for row in _records(tables["gaps"])
    ]  # fmt: skip
    keys = ("service", "model_partner", "model_site", "model_clients", "model_clients_together")
    gap_keys = ("service", "model_site", "model_minutes", "model_limit", "model_nearest")
    return [
        f"## {texts('plan.model_sharing')}",
        "",
        make_table([texts(f"plan.{key}") for key in keys], sharing),
        "",
        f"## {texts('plan.model_gaps')}",
        "",
        make_table([texts(f"plan.{key}") for key in gap_keys], gaps),
        "",
    ]


def describe_finding(finding: Finding, texts: Texts, *, below: int) -> str:
    """Return the reason of a finding as a sentence; small counts of persons are hidden."""
    values: dict[str, Any] = {}
    given = finding.values
    # English has no cases.
    of, within = (say_of, say_in) if texts.lang == "lv" else (str, str)
    left = np.array([given.get("remaining", np.nan)], dtype=float)
    for name, value in given.items():
        if name in ("gap", "gain", "gain_here") and find_small(left, below)[0]:
            # With the few who remain these would be one subtraction away.
            whole = given["gap"] if name != "gain" else value + left[0]
            values[name] = mark_above(whole, below) if value >= below else mark_small(below)
        elif name in _COUNTED:
            values[name] = _number(show_small(value, below), texts)
        elif name in _SHARES or (finding.check == "funding" and name in ("low", "high")):
            values[name] = texts.share(value)
        elif name == "municipality":
            values |= {f"{name}_of": of(value), f"{name}_in": within(value)}
        elif name == "names":
            values["names_of"] = join_names([of(word) for word in value], texts("plan.and"))
        elif name == "status":
            values[name] = texts(f"plan.object_{value}")
        elif name in _AMOUNTS or (finding.check == "cost" and name in ("low", "high", "median")):
            values[name] = texts.number(value)
        else:
            values[name] = value
    return texts(f"plan.eraf_{finding.reason}", **values)


def build_annex(
    verdict: Verdict,
    service_names: Mapping[str, str],
    lang: str = "lv",
    *,
    below: int = 5,
) -> str:
    """Return the annex of an application as Markdown: the answer, its reasons, who gains, who pays.

    Parameters
    ----------
    verdict
        What was found.
    service_names
        Name of each service in the language.
    lang
        `lv` or `en`.
    below
        Counts of persons under this are hidden; 0 hides nothing.
    """
    texts = Texts(lang)
    site = verdict.site
    title = texts(
        "plan.eraf_title",
        service=service_names.get(site["service"], site["service"]),
        settlement=site["settlement"],
        municipality=site["municipality"],
    )
    rows = [
        (
            texts(f"plan.eraf_{finding.check}"),
            texts(f"plan.answer_{finding.answer}"),
            describe_finding(finding, texts, below=below),
        )
        for finding in verdict.findings
    ]
    header = [texts(f"plan.eraf_{key}") for key in ("question", "result", "reason_title")]
    effect = hide_small(
        verdict.effect,
        "persons",
        ["near_now", "near_after", "gain", "remaining"],
        below=below,
    )
    effect_header = [texts(f"plan.{key}") for key in (
        "municipality", "persons", "near", "near_after", "gain", "eraf_remaining")]  # fmt: skip
    columns = ("persons", "near_now", "near_after", "gain", "remaining")
    lines = [
        f"# {title}",
        "",
        f"**{_tell_answer(verdict, texts)}**",
        "",
        make_table(header, rows),
        "",
        f"## {texts('plan.eraf_effect')}",
        "",
        make_table(
            effect_header,
            [
                (row["municipality"], *(_number(row[name], texts) for name in columns))
                for row in _records(effect)
            ],
        ),
        "",
    ]
    if verdict.payers:
        total = sum(verdict.payers.values(), Decimal("0.00"))
        money = [
            *((texts(f"plan.payer_{payer}"), amount) for payer, amount in verdict.payers.items()),
            (texts("plan.total"), total),
        ]
        lines += [
            f"## {texts('plan.eraf_payers')}",
            "",
            make_table(
                [texts("plan.payer"), texts("plan.amount")],
                [(name, texts.number(float(amount), decimals=2)) for name, amount in money],
            ),
            "",
        ]
    lines += [
        f"- {texts('plan.eraf_limit_note', limit=texts.number(site['limit_min']))}",
        "- "
        + texts(
            f"plan.eraf_take_up_{site['take_up_basis']}",
            share=texts.share(site["take_up"], decimals=1),
        ),
        f"- {texts('plan.eraf_rules_note')}",
        f"- {texts('plan.limits_are_proposals')}",
        f"- {texts('plan.need_is_estimate')}",
        f"- {texts('plan.small_hidden', below=below) if below else texts('plan.small_shown')}",
        "",
    ]
    return "\n".join(lines)


def _tell_answer(verdict: Verdict, texts: Texts) -> str:
    """Return the answer with its reasons: the fatal questions answered alike."""
    reasons = [
        texts(f"plan.eraf_{verdict.answer}_{finding.check}")
        for finding in verdict.findings
        if finding.answer == verdict.answer != "yes" and finding.check in verdict.fatal
    ]
    return texts(f"plan.eraf_answer_{verdict.answer}", reasons="; ".join(reasons) + ".")


def _number(value: object, texts: Texts) -> str:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return "–"
    number = float(value)  # type: ignore[arg-type]
    return texts.number(number, decimals=0 if round(number, 1).is_integer() else 1)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows with None for what is missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in plain.to_dict("records")]
