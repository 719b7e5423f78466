"""The words of ministries and municipalities, and none of those they replaced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LATVIAN = {
    r"\b[Ss]olīt(s|ais|ie|ajam|ajiem|i|ā)\b": "plānā paredzēts",
    r"\b[Ll]imit(s|a|u|ā|i|us|iem|os)\b": "robežlaiks",
    r"\bpar tālu\b": "ārpus robežlaika",
    r"\bkļūst tuvu\b": "papildus sasniegtās personas; robežlaikā papildus nonāk",
    r"\bsliktāk(ie|ās) vispirms\b": "sākot ar zemāko rādītāju",
    r"\bzināms tikai novads\b": "zināma tikai pašvaldība",
    r"\b(guleniski|stateniski)\b": "ainavorientācija, portretorientācija",
    r"\bkurp braukt\b": "nav sasniedzamas iestādes",
    r"\b[Vv]ajag\b": "nepieciešams",
    r"\bpierādīti labāk": "pierādīti optimāls",
    r"\(atstarpe\b": "optimalitātes starpība",
    r"\bpazaudēt": "tās uzskaitītas šeit",
    r"\b[Rr]ob(s|a|i|u|us|iem|ā|os)\b": "pārklājuma trūkums",
    r"\b[Ff]ail(s|a|u|i|us|ā|iem|os)\b": "datne",
    r"\b[Āā]rpusģimenes aprūpe ģimenē\b": "audžuģimene, aizbildnība",
    r"\bne viens pats, ne kopā\b": "nav dzīvotspējīgs arī sadarbībā",
    r"\bSasniedzamība laikā\b": "sasniedzamības zonas (izohronas)",
    r"\bAr plānotajiem\b": "ar plānotajām iestādēm",
    r"\bSlēgtie\b": "slēgtās iestādes",
}
ENGLISH = {
    r"mental impairment": "intellectual or psychosocial disabilities (GRT)",
    r"[Cc]hildren with functional impairments": "children with disabilities",
    r"\b[Nn]ought\b": "zero",
    r"^Tell ": "Show, List, Say",
    r"\bcannot be told\b": "is not known",
    r"\bstrangers\b": "unknown",
    r"\bone row a\b": "one row per",
}
DOCUMENTS = {
    "lv": sorted((ROOT / "docs" / "lv").glob("*.md")),
    "en": [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))],
}


def list_texts(found: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a catalogue with the way to it."""
    if isinstance(found, dict):
        for name, part in found.items():
            yield from list_texts(part, f"{where}.{name}")
    elif isinstance(found, list):
        for part in found:
            yield from list_texts(part, where)
    else:
        # What stands in braces is the name of a value, not a word.
        yield where, re.sub(r"\{\w+\}", "", str(found))


def find_old(lang: str) -> list[str]:
    """Return every old word of the catalogues and guides of a language, with the new one."""
    texts = [
        text
        for path in sorted((ROOT / "socaccess" / "locale" / lang).glob("*.json"))
        for text in list_texts(json.loads(path.read_text(encoding="utf-8")), path.stem)
    ]
    for path in DOCUMENTS[lang]:
        lines = path.read_text(encoding="utf-8").splitlines()
        texts += [(f"{path.name}:{number}", line) for number, line in enumerate(lines, 1)]
    words = LATVIAN if lang == "lv" else ENGLISH
    return [
        f"{where}: {found[0]!r}, better {better!r}"
        for where, text in texts
        for old, better in words.items()
        if (found := re.search(old, text))
    ]


@pytest.mark.parametrize("lang", ["lv", "en"])
def test_no_word_that_was_replaced_is_left(lang):
    assert find_old(lang) == []


COUNTED = re.compile(
    r"\{(\w+)\} (personas|personām|pašvaldības|pašvaldībām|pakalpojumi|pakalpojumiem|vietas|vietām|"
    r"projekti|projektos|projektiem|cilvēki|cilvēkiem|dienas|dienām|objekti|objektiem)\b"
)
"""A number and a word that has another form after 21."""


def test_words_after_a_number_have_a_form_for_21():
    """Whatever stands after a number that may end in one: "no 21 personas", "no 22 personām"."""
    fixed = {"below", "municipality_of"}
    found = [
        f"{path.name} {key}: {match[0]}"
        for path in sorted((ROOT / "socaccess" / "locale" / "lv").glob("*.json"))
        if path.stem not in ("errors", "help")
        for key, text in json.loads(path.read_text(encoding="utf-8")).items()
        if isinstance(text, str)
        for match in COUNTED.finditer(text)
        if match[1] not in fixed
    ]
    assert found == []
