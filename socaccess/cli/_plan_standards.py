"""The commands of a plan about standards: the catalogue, and profiles of limits compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from socaccess.cli._plan_input import (
    Region,
    finish,
    name_services,
    open_region,
    show_note,
    show_number,
    show_table,
)
from socaccess.cli.options import (
    Debug,
    Json,
    Lang,
    Language,
    Out,
    SettingsFile,
    View,
    ViewName,
)

__all__ = ["catalogue", "profiles"]

Groups = Annotated[Path | None, typer.Option("--groups", help="Table of own groups.")]


def catalogue(
    file: Annotated[
        Path | None, typer.Argument(help="A region's own catalogue; the embedded one if none.")
    ] = None,
    groups: Groups = None,
    profiles: Annotated[Path | None, typer.Option("--profiles", help="Table of limits.")] = None,
    lang: Lang = Language.lv,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Check a catalogue and tell what each of its numbers rests on."""
    from socaccess.errors import InputError
    from socaccess.i18n import Texts
    from socaccess.programme.catalogue import Catalogue

    texts = Texts(lang.value)
    if file is None and (groups or profiles):
        raise InputError(
            "--groups and --profiles belong to a catalogue of one's own: name its file"
        )
    loaded = (
        Catalogue.read(file, target_groups=groups, profiles=profiles) if file else Catalogue.load()
    )
    norms = loaded.list_norms()
    if not as_json:
        called = loaded.target_groups.set_index("target_group")[f"name_{lang.value}"].to_dict()
        header = [texts(f"plan.{k}") for k in ("service", "legal_class", "group", "limit", "basis")]
        rows = [
            (
                str(row[f"name_{lang.value}"]),
                texts(f"plan.class_{row['legal_class']}"),
                str(called.get(row["target_group"], row["target_group"])),
                show_number(row["limit_min"], texts),
                texts(f"plan.basis_{row['limit_min_basis']}") if row["limit_min_basis"] else "–",
            )
            for row in loaded.services.to_dict("records")
        ]
        show_table(texts("plan.catalogue_title"), header, rows)
        show_note(texts, "catalogue_counts", n=len(loaded.services), norms=len(norms),
                  proposals=int((norms["basis"] == "proposal").sum()))  # fmt: skip
    answer = {"services": len(loaded.services), "profiles": loaded.list_profiles(), "norms": norms}
    finish(answer, as_json=as_json, out=out, texts=texts, tables={"norms": norms})


def profiles(
    region: Region,
    file: Annotated[
        Path, typer.Argument(help="Limits: profile, service, limit_min, basis, source.")
    ],
    own: Annotated[
        Path | None, typer.Option("--catalogue", help="Own catalogue; the embedded one if none.")
    ] = None,
    groups: Groups = None,
    scenario: Annotated[str, typer.Option("--scenario", help="now or planned")] = "now",
    lang: Lang = Language.lv,
    view: View = ViewName.today,
    settings: SettingsFile = None,
    out: Out = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Compare profiles of standards: what each would make of the same travel times."""
    from socaccess.i18n import Texts
    from socaccess.programme.catalogue import Catalogue, compare_profiles

    texts = Texts(lang.value)
    if scenario not in ("now", "planned"):
        raise typer.BadParameter(f"{scenario!r}: use now or planned", param_hint="--scenario")
    loaded = Catalogue.read(own, target_groups=groups) if own else Catalogue.load()
    loaded = loaded.with_profiles(file)
    result, _ = open_region(region, view.value, settings, small_counts=False)
    # In inhabitants: persons in need are few, and two limits side by side would tell them.
    columns = ["profile", "service", "limit_min", "basis", "population", "population_covered",
               "p90_min"]  # fmt: skip
    table = compare_profiles(result, loaded, scenario=scenario)[columns]
    table["share"] = table["population_covered"] / table["population"]
    promised = set(result.study.promised or ())
    known = result.service_types.set_index("service")["supply_known"]
    table = table[table["service"].map(lambda s: s in promised and bool(known[s]))]
    table = table.reset_index(drop=True)
    if not as_json:
        _show_profiles(table, loaded.list_profiles(), name_services(result, lang.value), texts)
    finish({"profiles": table}, as_json=as_json, out=out, texts=texts,
           tables={"profiles": table})  # fmt: skip


def _show_profiles(table: Any, names: list[str], services: dict[str, str], texts: Any) -> None:
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
    show_table(texts("plan.profiles_title"), header, rows)
    show_note(texts, "profiles_note")
    if (table["basis"] == "proposal").any():
        show_note(texts, "limits_are_proposals")
