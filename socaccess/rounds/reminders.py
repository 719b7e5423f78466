"""Where a round stands, as a page to put up, and a text to mail to everybody who is awaited."""

from __future__ import annotations

import pandas as pd

from socaccess.content import Block, Column, Document, Paragraph, Phrase, Section, Table
from socaccess.i18n import Texts, sort_key
from socaccess.rounds.monitoring import find_round, list_answers, summarise_round
from socaccess.rounds.store import Store

__all__ = ["compose_state", "write_reminders"]


def compose_state(store: Store, round_id: str | None = None, *, lang: str = "lv") -> Document:
    """Return a page on where every form of a round stands; no counts of persons, no names of them.

    Parameters
    ----------
    store
        The store.
    round_id
        Which round; the last by default.
    lang
        `lv` or `en`.
    """
    entry = find_round(store, round_id)
    status = summarise_round(store, round_id)
    is_provider = status["municipality_id"].str.contains("/")
    blocks: list[Block] = [Paragraph(Phrase(
        "round.page_lead", done=int((status["state"] == "done").sum()), asked=len(status),
        due=str(entry["due"])[:10]), "lead")]  # fmt: skip
    for heading, part in (
        (Phrase("round.asked_municipalities"), status[~is_provider]),
        (Phrase("round.asked_providers"), status[is_provider]),
    ):
        if len(part):
            blocks.append(Section(heading, (_list_forms(part),)))
    title = Phrase("round.page_title", name=str(entry["round_id"]))
    day = Phrase("round.page_dateline", day=str(store.manifest["at"])[:10])
    return Document(lang=lang, title=title, blocks=tuple(blocks), footer=title, dateline=day)


def _list_forms(status: pd.DataFrame) -> Table:
    rows = [
        (row["municipality"], Phrase(f"round.state_{row['state']}"),
         None if row["received"] is None else str(row["received"])[:10], row["accepted"],
         row["pending"], row["faulty"])
        for row in sorted(status.to_dict("records"), key=lambda r: sort_key(str(r["municipality"])))
    ]  # fmt: skip
    columns = (
        Column(Phrase("round.head_whose"), width=2.4),
        Column(Phrase("round.head_state"), width=1.4),
        Column(Phrase("round.head_received"), width=1.0),
        *(Column(Phrase(f"round.head_{name}"), "number", width=0.8)
          for name in ("accepted", "pending", "faulty")),
    )  # fmt: skip
    return Table(columns, rows)


def write_reminders(
    store: Store, round_id: str | None = None, *, lang: str = "lv"
) -> dict[str, str]:
    """Return a text to mail for every form that is awaited, refused or to be mended.

    Parameters
    ----------
    store, round_id, lang
        As in `compose_state`.

    Returns
    -------
    dict
        By the name of a file: the text, which quotes only what the addressee itself wrote.
    """
    texts = Texts(lang)
    entry = find_round(store, round_id)
    issued = store.read("issued")
    issued = issued[issued["round_id"] == entry["round_id"]].set_index("municipality_id")
    answers = list_answers(store, round_id)
    found = {}
    for row in summarise_round(store, round_id).to_dict("records"):
        if row["state"] not in ("waiting", "refused", "faulty"):
            continue
        identity = row["municipality_id"]
        lines = [
            texts("round.remind_subject", name=entry["round_id"], whose=row["municipality"]),
            "",
            texts(f"round.remind_{row['state']}", due=str(entry["due"])[:10],
                  file=issued.loc[identity, "file"]),
        ]  # fmt: skip
        if row["state"] == "faulty":
            own = answers[(answers["municipality_id"] == identity)
                          & (answers["decision"] == "faulty")]  # fmt: skip
            lines += [f"- {each.row}, {texts(f'round.column_{each.column}')}: {each.said}"
                      for each in own.itertuples()]  # fmt: skip
        lines += ["", texts("round.remind_end")]
        found[f"reminder_{identity.replace('/', '_')}.txt"] = "\n".join(lines) + "\n"
    return found
