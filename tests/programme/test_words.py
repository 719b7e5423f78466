"""Names in Latvian cases."""

from __future__ import annotations

import pytest

from socaccess.programme.words import join_names, say_in, say_of
from socaccess.sources.boundaries import load_municipalities


@pytest.mark.parametrize("vintage", [2009, 2025])
def test_every_municipality_is_declined(vintage):
    names = load_municipalities(vintage)["name"]
    for name in names:
        of, where = say_of(name), say_in(name)
        assert of.endswith(("novada", "as", "es", "pils")), (name, of)
        assert where.endswith(("novadā", "ā", "ē", "pilī")), (name, where)
    assert len(set(map(say_of, names))) == len(set(names))
    assert join_names([], "un") == ""
    assert join_names(["A", "B"], "un") == "A un B"
