"""What lies in every store for whoever opens the folder without this library."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["README"]


class _Readme(NamedTuple):
    name: str
    text: str


README = _Readme(
    "README.txt",
    """KRĀTUVE / STORE

LV
Mape glabā plānošanas datus. To var lasīt ar jebkuru rīku.
- manifests/  Viena datne katrai redakcijai. Spēkā ir lielākais numurs. Tajā rakstīts, kuras
              datnes veido krātuvi, kas, kad un ko darīja, un iepriekšējās datnes SHA-256.
- tables/     Tabulas CSV (UTF-8, komats, decimālpunkts) vai Parquet. Datnes vārds ir tās SHA-256.
- documents/  Saņemtās veidlapas tādas, kādas tās atnāca. Datnes vārds ir tās SHA-256.
- aside/      Nepabeigtais. Ja te kaut kas palicis pēc pārtraukuma, tas nav vajadzīgs.
Tukša šūna nozīmē, ka vērtības nav. Tekstam, kas sākas ar = + - @ ' vai tabulatoru, priekšā
ir apostrofs, lai izklājlapa to neuzskatītu par formulu; to atmetiet.
Nekas netiek pārrakstīts. Neko šeit nemainiet un nedzēsiet ar roku.
Šeit ir arī mazi personu skaiti. Mape nav domāta publicēšanai.

EN
This folder holds planning data. Any tool can read it.
- manifests/  One file a revision. The highest number is in force. It says which files make up
              the store, who did what and when, and the SHA-256 of the file before it.
- tables/     Tables as CSV (UTF-8, comma, decimal point) or Parquet, named by their SHA-256.
- documents/  The forms received, as they came, named by their SHA-256.
- aside/      Unfinished. What is left here after an interruption is not needed.
An empty cell means that there is no value. A text that begins with = + - @ ' or a tab has an
apostrophe before it, so that no spreadsheet takes it for a formula; drop it.
Nothing is overwritten. Do not change or remove anything here by hand.
Small counts of persons are in here too. The folder is not meant to be published.
""",
)
