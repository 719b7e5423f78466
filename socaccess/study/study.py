"""One study: a region's tables, ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from socaccess.errors import UnknownNameError
from socaccess.network import RoadNetwork
from socaccess.settings import Settings
from socaccess.study.tables import Progress, StudyTables

if TYPE_CHECKING:
    from socaccess.siting import SitingPlan
    from socaccess.study.result import StudyResult

__all__ = ["Study"]


@dataclass(frozen=True, eq=False)
class Study(StudyTables):
    """A region's municipalities, settlements, facilities and roads, and the questions one asks.

    Use `Study.load` for the embedded regions, or give your own tables.

    Parameters
    ----------
    municipalities, settlements, facilities
        Tables of the forms in `socaccess.schemas`. Facilities of other regions
        belong in: people cross borders.
    network
        The roads; by default the embedded main roads.
    service_types
        The catalogue; by default the embedded one.
    need
        Persons per settlement and target group, of settlements of the study and
        groups of the catalogue; without it, shares are of the population.
    promised
        Services a plan promises here; by default every service that counts as
        supply.
    candidates
        Settlements, by id, where new sites may go; by default all of them.
    targets
        What the plan promises to whom: rows of `target_group`, `persons`,
        `indicator`, `source`.
    settings
        Limits, speeds, suppression, siting.
    name, title
        Short name, and title by language.
    view
        `plan` (municipalities as the plan knows them) or `today`.
    attribution, data_dates, inputs
        Sources by language, what dates the data has, and the hashes of the inputs.

    Raises
    ------
    InputError
        With everything that is wrong in all tables at once.
    """

    @classmethod
    def load(
        cls,
        region: str = "latgale",
        *,
        view: str = "plan",
        settings: Settings | None = None,
        network: RoadNetwork | None = None,
    ) -> Study:
        """Return the study of an embedded region.

        Parameters
        ----------
        region
            `latgale`, `kurzeme`, `riga`, `vidzeme`, `zemgale`, or `latvia` for all.
        view
            `plan`: the region and municipalities (119) the DI plan was written
            for; `today`: today's region and municipalities (42).
        settings
            Limits, speeds, siting.
        network
            Other roads than the embedded ones.

        Raises
        ------
        UnknownNameError
            If there is no such region or view, with the nearest name.

        Examples
        --------
        >>> study = Study.load("latgale")
        >>> len(study.municipalities), len(study.settlements)
        (21, 151)
        """
        from socaccess.study.embedded import load_tables

        return cls(
            **load_tables(region, view=view, settings=settings or Settings(), network=network)
        )

    def select(self, municipality_ids: Sequence[str]) -> Study:
        """Return the study of some of the municipalities; facilities stay everybody's.

        Raises
        ------
        UnknownNameError
            If a municipality is not in the study.
        """
        known = set(self.municipalities["municipality_id"])
        unknown = [name for name in municipality_ids if name not in known]
        if unknown:
            raise UnknownNameError(f"municipality {', '.join(unknown)} is not in {self.name}")
        keep = self.municipalities["municipality_id"].isin(municipality_ids)
        inside = self.settlements["municipality_id"].isin(municipality_ids)
        names = ", ".join(self.municipalities.loc[keep, "name"])
        need, candidates = self.need, self.candidates
        chosen = self.settlements.loc[inside, "settlement_id"]
        if candidates is not None:
            candidates = tuple(name for name in candidates if name in set(chosen))
        if need is not None:
            need = need[need["settlement_id"].isin(chosen)]
        return replace(
            self,
            municipalities=self.municipalities[keep],
            settlements=self.settlements[inside],
            need=need,
            candidates=candidates,
            name=names,
            title={"lv": names, "en": names},
            targets=None,
        )

    def run(
        self,
        *,
        sites: bool = True,
        answer: tuple[str, SitingPlan] | None = None,
        progress: Progress | None = None,
    ) -> StudyResult:
        """Return travel times, coverage, gaps, suggested sites and the headline.

        Parameters
        ----------
        sites
            Whether to suggest sites as well.
        answer
            A service and the plan found for it (`StudyResult.pose_siting`): its sites
            take the place of those the study would suggest.
        progress
            Told about each step.
        """
        from socaccess.study.run import run_study

        return run_study(self, suggest=sites, progress=progress, answer=answer)
