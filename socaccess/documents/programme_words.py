"""What all pages of a programme share: its words, names in order, figures said once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pandas as pd

from socaccess.content import Block, Document, Inline, Phrase, Section
from socaccess.i18n import Texts, sort_key
from socaccess.planning.round_record import RoundRecord
from socaccess.programme.compilation import Compilation
from socaccess.sources.services import load_target_groups
from socaccess.study.findings import short_name
from socaccess.study.proposals import name_services_shortly

__all__ = ["PageWords", "lower_first"]

T = TypeVar("T")


def lower_first(name: str) -> str:
    """Return a name as it stands within a sentence; an abbreviation stays as it is.

    Examples
    --------
    >>> lower_first("Pilngadīgas personas"), lower_first("GRT")
    ('pilngadīgas personas', 'GRT')
    """
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


@dataclass(frozen=True, eq=False)
class PageWords:
    """What all pages share.

    Parameters
    ----------
    compiled
        What was calculated.
    lang
        `lv` or `en`.
    record
        What the rounds have left, where there were any.
    kept
        Parts made already: several documents share them.
    """

    compiled: Compilation
    lang: str = "lv"
    record: RoundRecord | None = None
    kept: dict[Hashable, Any] = field(default_factory=dict, init=False)

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made first where there is none."""
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found

    def list_chapters(self, chapters: Iterable[Callable[[], Section | None]]) -> list[Section]:
        """Return those chapters that have something to say."""
        made = (self.keep(chapter, chapter) for chapter in chapters)
        return [section for section in made if section is not None]

    @cached_property
    def texts(self) -> Texts:
        """The words of the language."""
        return Texts(self.lang)

    @cached_property
    def services(self) -> dict[str, str]:
        """Short names of services with their group; the descriptions have the full ones."""
        short = name_services_shortly(self.compiled.result.study, self.texts)
        return {code: f"{name[:1].upper()}{name[1:]}" for code, name in short.items()}

    @cached_property
    def bare_names(self) -> dict[str, str]:
        """Short names of services without their group, to stand below its heading."""
        short = {code: short_name(self.texts, "service", code, name)
                 for code, name in self.full_names.items()}  # fmt: skip
        return {code: f"{name[:1].upper()}{name[1:]}" for code, name in short.items()}

    @cached_property
    def full_names(self) -> dict[str, str]:
        """Names of services as the law and the register have them."""
        return self.compiled.result.study.name_services(self.lang)

    @cached_property
    def groups(self) -> dict[str, str]:
        """Names of target groups."""
        groups = load_target_groups()
        return dict(zip(groups["target_group"], groups[f"name_{self.lang}"], strict=True))

    @cached_property
    def municipalities(self) -> dict[str, str]:
        """Names of municipalities, in their order."""
        table = self.compiled.result.study.municipalities
        names = dict(zip(table["municipality_id"], table["name"], strict=True))
        return dict(sorted(names.items(), key=lambda item: sort_key(item[1])))

    @property
    def title(self) -> Inline:
        """What the programme is called."""
        own = self.compiled.plan.programme.title
        years = self.compiled.years
        return own or Phrase(
            f"programme.title_{self.compiled.plan.programme.kind}",
            region=self.compiled.result.study.title[self.lang],
            first=str(years[0]), last=str(years[-1]),
        )  # fmt: skip

    def make_document(self, title: Inline, blocks: list[Block], subject: Inline = "") -> Document:
        """Return blocks as a document of the programme."""
        below, day = self.compiled.below, self.compiled.on
        borders = "day" if day else self.compiled.result.study.view
        dateline = Phrase(f"programme.dateline_{borders}", day=day.isoformat() if day else "")
        return Document(
            lang=self.lang,
            title=title,
            blocks=tuple(blocks),
            subject=subject,
            dateline=dateline,
            footer=title,
            warning="" if below else Phrase("plan.small_shown"),
            numbered=True,
        )

    def say(self, text: Inline) -> str:
        """Return content in words."""
        from socaccess.content import Rendering

        return Rendering(self.texts).plain(text)

    def thousands(self, amount: Any) -> str:
        """Return an amount in whole thousands."""
        return self.texts.number(round(float(amount) / 1000))

    def order_services(self, services: list[str]) -> list[str]:
        """Return services by target group, then by name."""
        group_of = self.compiled.result.study.group_of
        return sorted(
            services, key=lambda s: (str(group_of.get(s)), sort_key(str(self.services.get(s, s))))
        )

    def head_by_group(self, rows: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
        """Return the rows of services, a heading before those of each target group."""
        group_of = self.compiled.result.study.group_of
        found: list[tuple[Any, ...]] = []
        last = None
        for service, row in rows:
            group = str(group_of.get(service))
            if group != last:
                found.append((self.groups.get(group, group),))
                last = group
            found.append(row)
        return found

    def list_coverage(self) -> pd.DataFrame:
        """Return the share of inhabitants within the limit of each service, by scenario."""
        c = self.compiled
        rows = c.result.coverage
        rows = rows[(rows["scope"] == "any") & rows["service"].isin(c.promised)]
        known = c.result.service_types.set_index("service")["supply_known"]
        rows = rows[rows["service"].map(known).astype(bool)]
        sums = rows.groupby(["service", "scenario"])[["population", "population_covered"]].sum()
        sums["share"] = sums["population_covered"] / sums["population"]
        wide = sums.reset_index().pivot_table(index="service", columns="scenario", values="share")
        return wide.rename(columns={"now": "share"}).reset_index()

    def name_measure(self, row: dict[str, Any]) -> Inline:
        """Return what a measure is called."""
        if row["title"]:
            return str(row["title"])
        name = self.services.get(row["service"], row["service"] or "")
        return Phrase(f"programme.action_{row['action']}", service=lower_first(name))

    def tell_basis(self, row: Any) -> Inline:
        """Return what a rate rests on."""
        if row["basis"] not in ("registered", "observed"):
            return Phrase("programme.basis_given")
        return Phrase(f"programme.basis_{row['basis']}", n=float(row["observations"] or 0))
