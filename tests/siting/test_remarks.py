"""Remarks say the same in every language, and survive being sent."""

from __future__ import annotations

import copy
import pickle
import string

import pytest

from socaccess.i18n import LANGUAGES, Texts
from socaccess.siting.families import FAMILIES
from socaccess.siting.remark import SENTENCES, Remark


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_remark_and_condition_has_its_text(lang):
    texts = Texts(lang)
    for code, sentence in SENTENCES.items():
        names = {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
        told = texts(f"siting.remark.{code}", **dict.fromkeys(names, "7"))
        assert "{" not in told
        assert not names or "7" in told
    for condition in FAMILIES:
        assert texts(f"siting.condition.{condition}")


def test_a_remark_is_text_with_its_parts():
    remark = Remark("from_to", condition="budget", given=10.0, after=12.5)
    assert remark == "budget: 10 -> 12.5"
    for same in (copy.copy(remark), pickle.loads(pickle.dumps(remark))):
        assert (same, same.code, same.values) == (remark, remark.code, remark.values)
