"""What a store knows when a form is checked: names and what they mean, then and now."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from socaccess.i18n import LANGUAGES, fold
from socaccess.rounds import layouts
from socaccess.rounds.drafts import Draft, read_rows
from socaccess.rounds.form_sheets import FormSheet, list_sheets
from socaccess.rounds.forms import list_codes, list_keys, list_own, name_provider
from socaccess.rounds.layouts import Key, Row
from socaccess.rounds.store import Store
from socaccess.schemas import suggest_names
from socaccess.sources.boundaries import load_crosswalk

__all__ = ["SPELLINGS", "FormContext", "Meaning", "load_context"]

SPELLINGS = {"other_spelling": "form.other_spelling", "old_name": "form.old_name"}
"""What is to be known of a name that was not written as we write it."""

_MUNICIPALITY_WORDS = ("novads", "novada", "pilseta", "valstspilseta", "pasvaldiba", "nov.", "nov")

_LIKE = 0.8
"""Names at least so alike (0-1) may mean the same facility."""


@dataclass(frozen=True)
class Meaning:
    """What a written name means.

    Parameters
    ----------
    identity
        The id or code meant; empty when nothing is.
    name
        Its proper name.
    spelled
        How it was found: `exact`, `other_spelling`, `old_name`, or empty.
    elsewhere
        Where it lies, when it is a place of another municipality.
    near
        FormContext names that resemble it, when it means nothing.
    """

    identity: str = ""
    name: str = ""
    spelled: str = ""
    elsewhere: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormContext:
    """The store as one form sees it: at the form's base revision and now.

    `own` are the facilities it was issued with. Of each sheet of records, by the sheet's key:
    `keys` by the code of a row, and the rows then and now.
    """

    municipality_id: str
    population: float
    vintage: int
    lang: str
    municipalities: dict[str, str]
    settlements: dict[str, Row]
    services: dict[str, Row]
    groups: dict[str, str]
    codes: dict[str, tuple[str, str]]
    facilities_then: dict[Key, Row]
    facilities: dict[Key, Row]
    persons_then: dict[Key, Row]
    persons: dict[Key, Row]
    provider: str = ""
    own: frozenset[str] = frozenset()
    keys: Mapping[str, dict[str, Key]] = field(default_factory=dict)
    records_then: Mapping[str, dict[Key, Row]] = field(default_factory=dict)
    records: Mapping[str, dict[Key, Row]] = field(default_factory=dict)

    def find_municipality(self, name: str) -> Meaning:
        """Return which municipality a name means; an old or later name leads to its heir."""
        if name in self.municipalities.values() or name in self.municipalities:
            identity = next(k for k, v in self.municipalities.items() if name in (k, v))
            return Meaning(identity, self.municipalities[identity], "exact")
        for simplify in (fold, _stem_municipality):
            fits = [k for k, v in self.municipalities.items() if simplify(v) == simplify(name)]
            if self.municipality_id in fits or len(fits) == 1:
                identity = self.municipality_id if self.municipality_id in fits else fits[0]
                return Meaning(identity, self.municipalities[identity], "other_spelling")
        crosswalk = load_crosswalk()
        heir = f"municipality_id_{self.vintage}"
        stem = _stem_municipality(name)
        same = [crosswalk[f"name_{year}"].map(_stem_municipality).eq(stem) for year in
                (2009, 2021, 2025)]  # fmt: skip
        successors = [k for k in crosswalk.loc[same[0] | same[1] | same[2], heir]
                 if k in self.municipalities]  # fmt: skip
        if successors:
            identity = self.municipality_id if self.municipality_id in successors else successors[0]
            return Meaning(identity, self.municipalities[identity], "old_name")
        return Meaning(near=tuple(suggest_names(name, list(self.municipalities.values()), most=2)))

    def find_settlement(self, name: str) -> Meaning:
        """Return which town or parish a name means; first those of the municipality itself."""
        own = {k: str(row["name"]) for k, row in self.settlements.items()
               if row["municipality_id"] == self.municipality_id}  # fmt: skip
        others = {k: str(row["name"]) for k, row in self.settlements.items() if k not in own}
        for names in (own, others):
            found = _find_place(name, names)
            if found:
                row = self.settlements[found]
                if names is own:
                    spelled = "exact" if row["name"] == name else "other_spelling"
                    return Meaning(found, str(row["name"]), spelled)
                where = self.municipalities.get(str(row["municipality_id"]), "")
                return Meaning(found, str(row["name"]), elsewhere=where)
        near = suggest_names(name, list(own.values()), most=2)
        return Meaning(near=tuple(near))

    def find_service(self, name: str) -> Meaning:
        """Return which service a name or code means, in either language."""
        for code, row in self.services.items():
            label = str(row[f"name_{self.lang}"])
            if name in (label, code):
                return Meaning(code, label, "exact")
        folded = fold(name)
        for code, row in self.services.items():
            if folded in {fold(word) for word in (code, *(str(row[f"name_{lang}"])
                                                          for lang in LANGUAGES))}:  # fmt: skip
                return Meaning(code, self.label_service(code), "other_spelling")
        labels = [self.label_service(code) for code in self.services]
        return Meaning(near=tuple(suggest_names(name, labels, most=2)))

    def label_service(self, code: str) -> str:
        """Return the name of a service in the language of the form."""
        row = self.services.get(code)
        return str(row[f"name_{self.lang}"]) if row else code

    def find_alike(self, values: Row) -> str:
        """Return a facility of the same service that a new one may be, as `id name`, or nothing."""
        for key, row in self.facilities.items():
            if row["municipality_id"] != self.municipality_id:
                continue
            alike = difflib.SequenceMatcher(
                None, fold(str(row["name"])), fold(str(values["name"]))
            ).ratio()
            same_place = row["settlement_id"] == values["settlement_id"]
            if row["service"] == values["service"] and same_place and alike >= _LIKE:
                return f"{key[0]} {row['name']}"
        return ""


def load_context(store: Store | Draft, addressee: str, base: int, lang: str) -> FormContext:
    """Return what `store` knows that concerns the form of one municipality or provider."""
    services = list(read_rows(store, layouts.SERVICES).values())
    municipality_id = addressee.partition("/")[0]
    municipalities = read_rows(store, layouts.MUNICIPALITIES)
    names = {key[0]: str(row["name"]) for key, row in municipalities.items()}
    then = read_rows(store, layouts.FACILITIES, revision=base)
    own = list_own(then, addressee)
    sheets: dict[str, FormSheet] = {
        sheet.key: sheet for sheet in list_sheets(addressee, "2") if sheet.records
    }
    return FormContext(
        municipality_id=municipality_id,
        population=float(municipalities[(municipality_id,)]["population"] or 0),
        vintage=int(str(read_rows(store, layouts.ABOUT)[("vintage",)]["value"])),
        lang=lang,
        municipalities=names,
        settlements={key[0]: row for key, row in read_rows(store, layouts.SETTLEMENTS).items()},
        services={str(row["service"]): row for row in services},
        groups={str(row["target_group"]): str(row[f"group_{lang}"]) for row in services},
        codes={f"{group}/{service}": (group, service) for group, service in list_codes(services)},
        facilities_then=then,
        facilities=read_rows(store, layouts.FACILITIES),
        persons_then=read_rows(store, layouts.PERSONS, revision=base),
        persons=read_rows(store, layouts.PERSONS),
        provider=name_provider(addressee),
        own=frozenset(own),
        keys={key: list_keys(sheet, addressee, own, list(names), services)
              for key, sheet in sheets.items()},
        records_then={key: read_rows(store, sheet.records, revision=base)  # type: ignore[arg-type]
                      for key, sheet in sheets.items()},
        records={key: read_rows(store, sheet.records)  # type: ignore[arg-type]
                 for key, sheet in sheets.items()},
    )  # fmt: skip


def _stem_municipality(name: str) -> str:
    return " ".join(word for word in fold(name).split() if word not in _MUNICIPALITY_WORDS)


def _find_place(name: str, names: dict[str, str]) -> str:
    for simplify in (str, fold, _spell_out):
        fits = [k for k, known in names.items() if simplify(known) == simplify(name)]
        if len(fits) == 1:
            return fits[0]
    return ""


def _spell_out(name: str) -> str:
    """Return a place's name folded, `pag.` written out and the word for a town left away."""
    words = fold(name).replace("pag.", "pagasts ").split()
    words = ["pagasts" if word == "pag" else word for word in words]
    return " ".join(word for word in words if word not in ("pilseta", "pils."))
