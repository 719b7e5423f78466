"""The audit of dependencies: what counts, what is accepted, what is said without a connection."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys

import pytest

from tools import audit

TODAY = dt.date(2026, 11, 22)
ANSWER = json.dumps(
    {
        "dependencies": [
            {"name": "fine", "version": "1.0", "vulns": []},
            {
                "name": "weak",
                "version": "2.0",
                "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
            },
        ],
        "fixes": [],
    }
)


def accept(until, **changes):
    return {"id": "CVE-1", "package": "weak", "reason": "never called", "until": until, **changes}


def run(monkeypatch, capsys, answer, *words):
    monkeypatch.setattr(audit, "ask", lambda lock: answer)
    monkeypatch.setattr(sys, "argv", ["audit.py", *words])
    return audit.main(), capsys.readouterr().out


def test_an_advisory_fails_the_audit(monkeypatch, capsys):
    code, told = run(monkeypatch, capsys, ANSWER)
    assert code == 1 and "weak 2.0: CVE-1, PYSEC-1 (fixed in 2.1)" in told


def test_without_a_connection_it_says_so(monkeypatch, capsys):
    code, told = run(monkeypatch, capsys, None)
    assert code == 0 and told.startswith("not audited")
    assert run(monkeypatch, capsys, None, "--strict")[0] == 2


@pytest.mark.parametrize(
    ("entry", "counts", "words"),
    [
        (accept(dt.date(2026, 12, 1)), 0, "accepted until 2026-12-01: never called"),
        (accept(dt.date(2026, 11, 22)), 0, "accepted until"),
        (accept(dt.date(2026, 11, 21)), 1, "which is over"),
        (accept(dt.date(2026, 12, 1), package="other"), 1, ""),
        (accept(dt.date(2026, 12, 1), id="CVE-2"), 1, "no longer found"),
    ],
)
def test_what_is_accepted_counts_again_when_its_time_is_over(entry, counts, words):
    _, found = audit.read_answer(ANSWER)
    counting, notes = audit.judge(found, [entry], TODAY)
    assert len(counting) == counts and words in " ".join(notes)


def test_accepting_needs_a_reason_and_a_date(tmp_path):
    path = tmp_path / "accepted.toml"
    path.write_text('[[accepted]]\nid = "CVE-1"\npackage = "weak"\nreason = ""\n')
    with pytest.raises(SystemExit, match="needs id, package, reason"):
        audit.read_accepted(path)
    audit.read_accepted(audit.ACCEPTED)


def test_every_locked_package_has_its_hashes():
    text = audit.LOCK.read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert len(packages) > 50
    for package in packages:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", package), package
        assert "--hash=sha256:" in package, package
