"""Sentences of errors: every code has one, in both languages, and every one is used."""

from __future__ import annotations

import ast
import json
import pickle
import re
import string
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socaccess.errors import InputError, NetworkFileError, Problem, UnknownNameError, speak
from socaccess.i18n import FAMILIES, choose_language
from socaccess.messages import Message, show_value

PACKAGE = Path(__file__).parents[2] / "socaccess"
CODE = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
FILE_ENDINGS = ("css", "csv", "docx", "html", "js", "json", "lv", "pdf", "toml", "xlsx")
ENGLISH = re.compile(
    r"\b(the|is|are|not|and|or|of|for|with|was|has|have|there|this|that|must|be|use|give|write|"
    r"one|file|column|row|rows|value|values|unknown|missing|known)\b"
)
NO_VALUES = {"where", "rows", "column"}


@cache
def read_sentences(lang: str) -> dict[str, str]:
    raw = json.loads((PACKAGE / "locale" / lang / "errors.json").read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": entry if isinstance(entry, str) else "\n".join(entry.values())
        for section, entries in raw.items()
        for name, entry in entries.items()
    }


def list_fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@cache
def list_modules() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path, ast.parse(path.read_text(encoding="utf-8"))) for path in PACKAGE.rglob("*.py")
    )


@cache
def read_catalogues(lang: str) -> frozenset[str]:
    """Every key of the catalogues of words; help has a test of its own."""
    files = (PACKAGE / "locale" / lang).glob("*.json")
    return frozenset(
        f"{file.stem}.{key}"
        for file in files
        if file.stem not in ("errors", "help")
        for key in json.loads(file.read_text(encoding="utf-8"))
    )


@cache
def list_constants() -> frozenset[str]:
    """Every text in the code, of f-strings what they begin with."""
    return frozenset(
        node.value
        for _, tree in list_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def list_calls() -> list[tuple[str, ast.Call, str]]:
    """Calls whose first argument is a code: where, the call, the code."""
    sections = {code.split(".")[0] for code in read_sentences("en")}
    found = []
    for path, tree in list_modules():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            first = node.args[0]
            if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            makes_one = name in ("Problem", "Message") or name.endswith("Error")
            if makes_one and CODE.fullmatch(first.value) and first.value.split(".")[0] in sections:
                found.append((f"{path.name}:{node.lineno}", node, first.value))
    return found


def test_languages_have_the_same_sentences_with_the_same_values():
    lv, en = read_sentences("lv"), read_sentences("en")
    assert set(lv) == set(en)
    assert [c for c in lv if list_fields(lv[c]) != list_fields(en[c])] == []


def test_every_code_in_the_code_has_a_sentence_and_its_values():
    sentences = read_sentences("en")
    wrong = []
    for where, call, code in list_calls():
        if code not in sentences:
            wrong.append(f"{where}: {code} has no sentence")
            continue
        given = {word.arg for word in call.keywords}
        if None in given:
            continue
        if list_fields(sentences[code]) - given:
            wrong.append(f"{where}: {code} lacks {list_fields(sentences[code]) - given}")
        if given - NO_VALUES - list_fields(sentences[code]):
            wrong.append(f"{where}: {code} does not show {given - NO_VALUES}")
    assert wrong == []


def test_no_error_of_ours_holds_a_sentence():
    builtin = {"ValueError", "TypeError", "KeyError", "AttributeError", "CutOffError", "FormError"}
    written = []
    for path, tree in list_modules():
        for node in ast.walk(tree):
            name = getattr(getattr(node, "func", None), "id", "")
            ours = name == "Problem" or (name.endswith("Error") and name not in builtin)
            if not (isinstance(node, ast.Call) and ours and node.args):
                continue
            first = node.args[0]
            plain = isinstance(first, ast.Constant) and isinstance(first.value, str)
            if isinstance(first, ast.JoinedStr) or (plain and not CODE.fullmatch(first.value)):
                written.append(f"{path.name}:{node.lineno}: {ast.unparse(first)}")
    assert written == []


def test_every_sentence_is_used():
    used = {
        node.value
        for _, tree in list_modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert sorted(set(read_sentences("en")) - used) == []


def test_every_key_asked_for_is_in_both_catalogues():
    lv, en = read_catalogues("lv"), read_catalogues("en")
    assert lv == en
    subjects = {key.split(".")[0] for key in en}
    asked = {
        text
        for text in list_constants()
        if re.fullmatch(r"[a-z]+\.[a-z][a-zA-Z0-9_.]*[a-zA-Z0-9]", text)
        and text.split(".")[0] in subjects
    }
    files = {text for text in asked if text.rpartition(".")[2] in FILE_ENDINGS}
    others = {*read_sentences("en"), "network.season"}  # a field of project files
    assert sorted(asked - en - files - others) == []


def test_keys_are_put_together_in_declared_families_only():
    """`f"plan.payer_{code}"`: what it begins with stands in `socaccess.i18n.FAMILIES`."""
    subjects = "|".join({key.split(".")[0] for key in read_catalogues("en")})
    head = re.compile(rf"({subjects})\.[a-zA-Z_.]*")
    heads = {}
    for path, tree in list_modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr) and len(node.values) > 1:
                first = node.values[0]
                if isinstance(first, ast.Constant) and head.fullmatch(str(first.value)):
                    heads[first.value] = f"{path.name}:{node.lineno}"
    # Whose whole families are chosen: by `Texts.family`, and by the map's page.
    declared = {*FAMILIES, "finding.", "map."}
    assert {h: where for h, where in heads.items() if h not in declared} == {}
    page = (PACKAGE / "maps").rglob("*.[jh]*")
    called = " ".join(path.read_text(encoding="utf-8") for path in page if path.suffix != ".json")
    parts = {family for family in FAMILIES if family.split(".")[1] in called}
    names = {f"{s}.{text}." for s in ("map", "finding") for text in list_constants()}
    assert sorted(set(FAMILIES) - set(heads) - list_constants() - parts - names) == []


def test_every_key_is_used():
    """By itself, or as a code of a declared family that stands in the code or in the data."""
    page = " ".join(
        path.read_text(encoding="utf-8")
        for path in (PACKAGE / "maps").rglob("*")
        if path.suffix in (".js", ".j2")
    )
    data = [path.read_text("utf-8") for path in (PACKAGE.parent / "data").rglob("*.csv")]
    texts = [page, *list_constants(), *data]
    words = {word for text in texts for word in re.findall(r"[\w-]+", text)}
    words |= {word.replace("-", "_") for word in words} | {"True", "False", "None", *"0123"}
    names = {name.arg for _, tree in list_modules() for name in ast.walk(tree)
             if isinstance(name, (ast.arg, ast.keyword)) and name.arg}  # fmt: skip

    def is_code(rest: str) -> bool:
        parts = re.split(r"(?<=[a-z0-9])[_.]", rest)
        return rest in words | names or any(
            "_".join(parts[:at]) in words and "_".join(parts[at:]) in words
            for at in range(1, len(parts))
        )

    families = tuple(FAMILIES)
    dead = []
    for key in read_catalogues("en") - list_constants():
        if key.startswith("map.") and re.search(rf"[\"'`]{re.escape(key[4:])}[\"'`]", page):
            continue
        rests = [key.removeprefix(family) for family in families if key.startswith(family)]
        if not any(is_code(rest) for rest in rests):
            dead.append(key)
    assert sorted(dead) == []


def test_latvian_sentences_hold_no_english_words():
    plain = {
        code: re.sub(r"\{\w+\}|--[\w-]+|`[^`]*`|„[^”]*”", "", text)
        for code, text in read_sentences("lv").items()
    }
    assert {code: text for code, text in plain.items() if ENGLISH.search(text)} == {}


def test_problem_says_where_what_rows_and_what_to_do():
    problem = Problem(
        "coverage.limit_not_positive",
        "a.csv",
        [Message("common.line", number=3)],
        column="limit_min",
        limit=-1.5,
    )
    assert problem.text("lv") == (
        "a.csv, kolonna „limit_min”: robežlaiks -1,5 min nav lielāks par 0 (3. rinda; kopā 1); "
        "norādiet laiku virs 0 minūtēm"
    )
    assert problem.text("en") == (
        "a.csv, column 'limit_min': limit -1.5 is not above 0 minutes (line 3; 1 in all); "
        "give minutes above 0"
    )
    assert str(problem) == problem.text("en")


def test_error_speaks_the_language_it_was_raised_in():
    with pytest.raises(InputError) as caught, speak("lv"), speak("en"):
        raise InputError("coverage.limit_not_positive", limit=2.5)
    assert str(caught.value).startswith("limit 2.5 is not")
    assert caught.value.text("lv").startswith("robežlaiks 2,5 min")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.problems, str(again)) == (caught.value.problems, str(caught.value))


def test_errors_are_also_builtins():
    with pytest.raises(LookupError) as caught:
        raise UnknownNameError("i18n.unknown_language", lang="de", known=("lv", "en"))
    assert str(caught.value) == "language 'de' is not known; use one of lv, en"
    with pytest.raises(OSError):
        raise NetworkFileError("i18n.unknown_language", lang="de", known=())


@given(st.text())
def test_values_stay_on_one_line(text: str):
    assert len(show_value(text).splitlines()) <= 1


@pytest.mark.parametrize(
    ("asked", "environment", "lang"),
    [
        ("en", {"SOCACCESS_LANG": "lv"}, "en"),
        (None, {"SOCACCESS_LANG": "en", "LANG": "lv_LV.UTF-8"}, "en"),
        (None, {"LANG": "en_GB.UTF-8"}, "en"),
        (None, {"LC_ALL": "lv_LV.UTF-8", "LANG": "en_GB.UTF-8"}, "lv"),
        (None, {"LANG": "de_DE.UTF-8"}, "lv"),
        (None, {"LANG": "C.UTF-8"}, "lv"),
    ],
)
def test_language_is_as_asked_else_of_the_system(monkeypatch, asked, environment, lang):
    for name in ("SOCACCESS_LANG", "LC_ALL", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert choose_language(asked) == lang
