"""Texts, numbers and order of names in Latvian and English.

The catalogues are JSON files, one folder a language and one file a subject:
`locale/lv/map.json`, `locale/en/map.json`. Keys and placeholders are equal in
both (tested); sentences about errors stand in `errors.json`, which `messages` reads. A
text with plural forms is an object whose keys are the plural
categories of the language (Latvian: zero, one, other; English: one, other). A word
beside one of several numbers is written `{persons} {persons:persona|personas}`: the first
form after 1, 21 and the like, the second after all others.
"""

from __future__ import annotations

import datetime as dt
import json
import locale
import math
import os
import re
import string
import sys
import unicodedata
from bisect import bisect_left
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from socaccess.errors import UnknownNameError

__all__ = [
    "FAMILIES",
    "LANGUAGES",
    "Texts",
    "choose_language",
    "fold",
    "round_percent",
    "sort_key",
]

LANGUAGES = ("lv", "en")

FAMILIES = (
    "access.column.", "access.degree.", "access.mark.", "access.measure.", "access.note.",
    "access.scenario.", "access.weighted.",
    "annex.column.", "annex.dateline_", "annex.reference_", "annex.short_", "annex.unknown_",
    "annex.zone_", "build.is_", "build.reason_", "cli.check_", "cli.kind_", "cli.metavar_",
    "cli.no_site_", "cli.note_", "cli.objective_", "cli.scenario_", "cli.status_",
    "cli.step_", "cli.trip_", "cli.worth_", "data.finding_", "data.left_out_", "data.title_",
    "finding.group.", "finding.group_dative.", "finding.service.", "finding.service_genitive.",
    "map.access_note.", "map.access_title.",
    "map.basis.", "map.block.", "map.change.", "map.column.", "map.difference.",
    "map.do_change.", "map.facility_status.", "map.group.",
    "map.group_short.", "map.kind.", "map.layer.", "map.legend_share.", "map.note.",
    "map.objective.", "map.paper.", "map.plan_status.", "map.precision.", "map.reason.",
    "map.scenario.", "map.scenario_short.", "map.scope.", "map.settlement_kind.", "map.status.",
    "map.status_index.", "map.tab.", "map.undo_change.",
    "network.count_", "network.season_", "notebook.scenario_",
    "notebook.state_", "notebook.title_", "plan.answer_", "plan.basis_", "plan.building_",
    "plan.class_", "plan.contradiction.", "plan.eraf_", "plan.eraf_answer_", "plan.eraf_take_up_",
    "plan.general_", "plan.general_title_", "plan.joint_by_", "plan.kind_", "plan.mobile_",
    "plan.model_basis_", "plan.mover_", "plan.object_", "plan.obstacle_", "plan.outcome_",
    "plan.payer_", "plan.reorg_", "plan.status_", "plan.variant_", "plan.viable_", "plan.view_",
    "plan.within_",
    "programme.action_", "programme.assume_", "programme.basis_", "programme.by_",
    "programme.check_", "programme.dateline_", "programme.enters_", "programme.field_",
    "programme.form_", "programme.house_", "programme.kind_", "programme.means_",
    "programme.pays_", "programme.price_of_", "programme.rests_", "programme.said_",
    "programme.short_", "programme.stance_", "programme.title_",
    "region.", "round.action_", "round.answer_", "round.breach_", "round.change_", "round.column_",
    "round.decide_", "round.event_", "round.mark_", "round.provider_", "round.remind_",
    "round.stance_", "round.statement_", "round.unit_",
    "round.decision_", "round.form_", "round.head_", "round.report_", "round.report_note_",
    "round.sheet_", "round.speaker_", "round.state_", "round.status_", "scale.season_",
    "tables.column.", "tables.layer.", "tables.notes.", "tables.origin.", "tables.question.",
    "tables.sheet.", "tables.state.", "tables.value.", "tables.value.facility_status.",
    "transit.kind_", "transit.line_", "transit.minutes_", "transit.share_", "transit.status_",
    "transit.type_",
)  # fmt: skip
"""What keys that are put together begin with; the rest is a code of the data."""

LANGUAGE_VARIABLE = "SOCACCESS_LANG"

# Latvian order: a letter with a diacritic follows its base letter; y sorts as i, before j.
_ALPHABET = "aābcčdeēfgģhiīyjkķlļmnņoōpqrŗsštuūvwxzž"
_ORDER = {letter: index for index, letter in enumerate(_ALPHABET)}
# Digits, spaces and signs stand before every letter, in their own order.
_BEFORE_ALL = 0x110000


@cache
def _load_catalogue(lang: str) -> dict[str, Any]:
    folder = resources.files("socaccess") / "locale" / lang
    texts: dict[str, Any] = {}
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        if file.name.endswith(".json") and file.name != "errors.json":
            subject = file.name.removesuffix(".json")
            for key, text in json.loads(file.read_text(encoding="utf-8")).items():
                texts[f"{subject}.{key}"] = text
    return texts


@cache
def _order_keys(lang: str) -> tuple[list[str], dict[str, int]]:
    """Return all keys in order of the alphabet, and the place of each in the catalogue."""
    places = {key: place for place, key in enumerate(_load_catalogue(lang))}
    return sorted(places), places


@cache
def _find_family(lang: str, prefix: str) -> dict[str, Any]:
    texts = _load_catalogue(lang)
    keys, places = _order_keys(lang)
    last = prefix + chr(sys.maxunicode)
    family = keys[bisect_left(keys, prefix) : bisect_left(keys, last)]
    return {key.removeprefix(prefix): texts[key] for key in sorted(family, key=places.__getitem__)}


@lru_cache(maxsize=20_000)
def _format_number(lang: str, value: float, decimals: int) -> str:
    from babel.numbers import format_decimal

    # Latvian groups thousands from five digits on; babel's own rule does not know that.
    grouping = lang != "lv" or abs(round(value, decimals)) >= 10_000
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return str(format_decimal(value, format=pattern, locale=lang, group_separator=grouping))


def round_percent(share: float) -> int:
    """Return a share in whole per cent: halves up, 0 and 100 only where they are exact.

    Every page, table and map rounds here. Published tables carry four decimals, so
    that is rounded first: 0.90503 and the 0.905 it is published as are both 91 %.

    Examples
    --------
    >>> [round_percent(share) for share in (0.0, 0.0001, 0.90497, 0.90503, 0.999, 1.0, 1.18)]
    [0, 1, 91, 91, 99, 100, 118]
    """
    # Less than this is floating point noise, not a share.
    if abs(share) <= 1e-12 or abs(share - 1) <= 1e-12:
        return round(share) * 100
    percent = math.floor(round(share, 4) * 100 + 0.5 + 1e-9)
    return min(max(percent, 1), 99) if 0 < share < 1 else percent


class Texts:
    """The words of one language.

    Parameters
    ----------
    lang
        `lv` or `en`.

    Raises
    ------
    UnknownNameError
        If the language has no catalogue.

    Examples
    --------
    >>> Texts("lv").number(1234.5, decimals=1)
    '1234,5'
    >>> Texts("en").number(12345)
    '12,345'
    >>> Texts("lv").share(0.256)
    '26 %'
    """

    def __init__(self, lang: str) -> None:
        if lang not in LANGUAGES:
            raise UnknownNameError("i18n.unknown_language", lang=lang, known=LANGUAGES)
        self.lang = lang
        self._texts = _load_catalogue(lang)

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the text of `key` with `values` filled in."""
        text = self._texts.get(key)
        if text is None:
            raise UnknownNameError("i18n.unknown_key", key=key, lang=self.lang)
        if not isinstance(text, str):
            raise UnknownNameError("i18n.plural", key=key)
        return self._fill(text, values) if values else text

    def count(self, key: str, n: float, /, **values: object) -> str:
        """Return the text of `key` in the plural form of `n`; `{n}` is the number itself."""
        forms = self._texts.get(key)
        if not isinstance(forms, dict):
            raise UnknownNameError("i18n.no_plural", key=key, lang=self.lang)
        form = forms.get(self.plural_category(n), forms["other"])
        shown = self.number(n, decimals=0 if float(n).is_integer() else 1)
        return self._fill(str(form), {"n": shown, **values})

    def _fill(self, text: str, values: dict[str, Any]) -> str:
        # Most texts choose no word, and are filled in faster without.
        return _Filler(self).vformat(text, (), values) if "|" in text else text.format(**values)

    def plural_category(self, n: float) -> str:
        """Return the CLDR plural category of `n`.

        Examples
        --------
        >>> [Texts("lv").plural_category(n) for n in (0, 1, 2, 11, 21)]
        ['zero', 'one', 'other', 'zero', 'one']
        """
        return str(_locale(self.lang).plural_form(n))

    def number(self, value: float | None, *, decimals: int = 0) -> str:
        """Return `value` with the decimal mark of the language; a dash when there is none."""
        if value is None or not math.isfinite(value):
            return "–"
        return _format_number(self.lang, float(value), decimals)

    def share(self, value: float | None, *, decimals: int = 0) -> str:
        """Return a share (0-1) in per cent, whole ones as `round_percent` has them."""
        if value is None or not math.isfinite(value):
            return "–"
        space = " " if self.lang == "lv" else ""
        percent = value * 100 if decimals else round_percent(value)
        return f"{self.number(percent, decimals=decimals)}{space}%"

    def date(self, value: dt.date) -> str:
        """Return a date in the usual long form of the language."""
        from babel.dates import format_date

        return str(format_date(value, format="long", locale=self.lang))

    def keys(self) -> list[str]:
        """Return every key of the catalogue, sorted."""
        return sorted(self._texts)

    def family(self, prefix: str) -> dict[str, Any]:
        """Return the texts of a family of `FAMILIES` by code."""
        if not prefix.startswith(FAMILIES):
            raise UnknownNameError("i18n.unknown_key", key=prefix, lang=self.lang)
        return self.raw(prefix)

    def raw(self, prefix: str) -> dict[str, Any]:
        """Return the texts whose key begins with `prefix`, which is cut off."""
        return _find_family(self.lang, prefix).copy()


class _Filler(string.Formatter):
    """Fills a text in, and chooses between two forms of a word by the number beside it."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        one, other = format_spec.split("|")
        # Of a range the last number decides; what groups thousands is no part of a number.
        found = re.findall(r"\d+(?:[\s,]\d{3})*(?:[.,]\d+)?", str(value))
        if not found:
            return other
        mark = "." if self._texts.lang == "en" else ","
        digits = re.sub(r"\s" if mark == "," else r"[\s,]", "", found[-1]).replace(mark, ".")
        return one if self._texts.plural_category(float(digits)) == "one" else other


def choose_language(asked: str | None = None) -> str:
    """Return the language to speak: as asked, as the environment says, else Latvian.

    Parameters
    ----------
    asked
        What the user asked for (`--lang`). Without it `SOCACCESS_LANG` decides, then
        the language of the system.

    Examples
    --------
    >>> choose_language("en")
    'en'
    """
    names = [asked, *(os.environ.get(name) for name in (LANGUAGE_VARIABLE, "LC_ALL", "LANG"))]
    if not any(names):
        # Windows tells its language here and nowhere else.
        names.append(locale.getlocale()[0])
    for name in names:
        start = (name or "").lower()
        for lang, words in (("lv", ("lv", "latvian")), ("en", ("en", "english"))):
            if start.startswith(words):
                return lang
    return "lv"


@cache
def _locale(lang: str) -> Any:
    from babel import Locale

    return Locale(lang)


def sort_key(name: str) -> tuple[tuple[int, ...], str]:
    """Return the key that puts names in Latvian order.

    Examples
    --------
    >>> sorted(["Zilupe", "Ādaži", "Aglona", "Cēsis", "Česka"], key=sort_key)
    ['Aglona', 'Ādaži', 'Cēsis', 'Česka', 'Zilupe']
    >>> sorted(["Iela 9", "Iela 10", "Iela"], key=sort_key)
    ['Iela', 'Iela 10', 'Iela 9']
    """
    return tuple(_ORDER.get(letter, ord(letter) - _BEFORE_ALL) for letter in name.lower()), name


def fold(text: str) -> str:
    """Return `text` in lower case without diacritics, for comparing names.

    Examples
    --------
    >>> fold(" Ķeipene ")
    'keipene'
    """
    decomposed = unicodedata.normalize("NFKD", text.strip().lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
