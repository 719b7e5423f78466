"""What the pages of the documents tell: commands, and what they print, sentence by sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "seeds").glob("*.md"))
COMMAND = re.compile(r"^\$ socaccess (.+?) --lang en\s+# exit (\d)$", re.M)
FILE = re.compile(r"^```text (\S+)\n(.*?)^```", re.M | re.S)
ROW = re.compile(r"^\| (?!the document says|---)(.+) \|$", re.M)


@dataclass(frozen=True)
class Sentence:
    """What a document says, the command that does it, what that prints, its picture, its state."""

    page: Path
    says: str
    command: str
    prints: tuple[str, ...]
    picture: str
    state: str


def list_sentences() -> list[Sentence]:
    found = []
    for page in PAGES:
        for row in ROW.findall(page.read_text(encoding="utf-8")):
            says, command, prints, picture, state = row.split(" | ")
            command = command.strip("`").removeprefix("socaccess ").replace("–", "")
            parts = tuple(re.findall(r"`(.+?)`", prints))
            found.append(Sentence(page, says, command, parts, picture, state))
    return found


def assert_printed(command: str, output: str) -> None:
    """What the tables say a command prints stands in its output, however lines are broken."""
    seen = " ".join(output.split())
    for sentence in list_sentences():
        if sentence.command == command:
            for part in sentence.prints:
                assert part in seen, (sentence.says, part, output)
