"""The commands of a plan about standards: the catalogue, and profiles of limits compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import finish, name_services, show_note, show_number
from socaccess.cli.command import Region, Session, StudyOptions
from socaccess.cli.speech import Misuse

__all__ = ["catalogue", "profiles"]

Groups = Annotated[Path | None, typer.Option("--groups", help="Table of own groups.")]


def catalogue(
    session: Session,
    file: Annotated[
        Path | None, typer.Argument(help="A region's own catalogue; the embedded one if none.")
    ] = None,
    groups: Groups = None,
    profiles: Annotated[Path | None, typer.Option("--profiles", help="Table of limits.")] = None,
) -> None:
    """Check a catalogue and tell what each of its numbers rests on."""
    from socaccess.errors import InputError
    from socaccess.programme.catalogue import Catalogue

    texts = session.texts
    if file is None and (groups or profiles):
        raise InputError("cli.no_own_catalogue")
    loaded = (
        Catalogue.read(file, target_groups=groups, profiles=profiles) if file else Catalogue.load()
    )
    norms = loaded.list_norms()
    if not session.as_json:
        called = loaded.target_groups.set_index("target_group")[f"name_{session.lang}"].to_dict()
        header = [texts(f"plan.{k}") for k in ("service", "legal_class", "group", "limit", "basis")]
        rows = [
            (
                str(row[f"name_{session.lang}"]),
                texts(f"plan.class_{row['legal_class']}"),
                str(called.get(row["target_group"], row["target_group"])),
                show_number(row["limit_min"], texts),
                texts(f"plan.basis_{row['limit_min_basis']}") if row["limit_min_basis"] else "–",
            )
            for row in loaded.services.to_dict("records")
        ]
        session.table(texts("plan.catalogue_title"), header, rows)
        show_note(session, "catalogue_counts", n=len(loaded.services), norms=len(norms),
                  proposals=int((norms["basis"] == "proposal").sum()))  # fmt: skip
    answer = {"services": len(loaded.services), "profiles": loaded.list_profiles(), "norms": norms}
    finish(session, answer, tables={"norms": norms})


def profiles(
    session: Session,
    asked: StudyOptions,
    region: Region,
    file: Annotated[
        Path, typer.Argument(help="Limits: profile, service, limit_min, basis, source.")
    ],
    own: Annotated[
        Path | None, typer.Option("--catalogue", help="Own catalogue; the embedded one if none.")
    ] = None,
    groups: Groups = None,
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
) -> None:
    """Compare profiles of standards: what each would make of the same travel times."""
    from socaccess import planning

    if scenario not in ("now", "planned"):
        raise Misuse("cli.not_a_choice", "--scenario", choices=["now", "planned"])
    catalogue = planning.Catalogue
    loaded = catalogue.read(own, target_groups=groups) if own else catalogue.load()
    study = asked.open(region)
    table = planning.profiles(study, file, catalogue=loaded, scenario=scenario)
    names = loaded.with_profiles(file).list_profiles()
    if not session.as_json:
        _show_profiles(table, names, name_services(study, session.lang), session)
    finish(session, {"profiles": table},
           tables={"profiles": table})  # fmt: skip


def _show_profiles(
    table: Any, names: list[str], services: dict[str, str], session: Session
) -> None:
    texts = session.texts
    header = [texts("plan.service")]
    for name in names:
        label = texts("plan.profile_catalogue") if name == "catalogue" else name
        header += [f"{label}, min", texts("plan.share")]
    cells = table.set_index(["profile", "service"])
    rows = []
    for service in dict.fromkeys(table["service"]):
        row = [services[service]]
        for name in names:
            found = cells.loc[(name, service)]
            row += [show_number(found["limit_min"], texts), texts.share(found["share"])]
        rows.append(row)
    session.table(texts("plan.profiles_title"), header, rows)
    show_note(session, "profiles_note")
    if (table["basis"] == "proposal").any():
        show_note(session, "limits_are_proposals")
