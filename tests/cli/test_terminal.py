"""What a person sees on a terminal: bars go, everything that was said stays, words stay whole."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from socaccess.cli.session import Session
from socaccess.content import Column, Document, Table
from socaccess.documents.terminal import print_document

pytest.importorskip("termios", reason="no terminal of this kind")

COLUMNS, ROWS, END = 64, 12, "(end)"
_SEQUENCE = re.compile(r"\x1b\[\??([0-9;]*)([A-Za-z])")


class Terminal:
    """A terminal as a program sees one: what is written, erased and written over."""

    def __init__(self) -> None:
        import fcntl
        import pty
        import termios

        self._hand, self._wire = pty.openpty()
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self._wire, termios.TIOCSWINSZ, size)
        self.stream = open(self._wire, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        self._seen = bytearray()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        # What nobody reads would stop who writes.
        while True:
            self._seen += os.read(self._hand, 65536)

    def wait_for(self, text: str) -> str:
        """Return all that came, once `text` did."""
        while text.encode() not in self._seen:
            sleep(0.01)
        return self._seen.decode("utf-8", errors="replace")

    def show(self) -> list[str]:
        """Return the lines that can be read in the end."""
        self.stream.write(END)
        self.stream.flush()
        seen = self.wait_for(END).partition(END)[0]
        lines, row, column, at = [""], 0, 0, 0
        while at < len(seen):
            found = _SEQUENCE.match(seen, at)
            sign = seen[at]
            if found:
                at = found.end()
                count = int(found[1]) if found[1].isdigit() else 1
                if found[2] == "A":
                    row = max(row - count, 0)
                elif found[2] == "K":
                    lines[row] = ""
                continue
            at += 1
            if sign == "\r":
                column = 0
            elif sign == "\n":
                row += 1
                lines += [""] * (row == len(lines))
            else:
                line = lines[row].ljust(column)
                lines[row], column = line[:column] + sign + line[column + 1 :], column + 1
        return [line.rstrip() for line in lines]


@contextmanager
def watch() -> Iterator[Terminal]:
    """Give a terminal that standard output and errors go to."""
    terminal = Terminal()
    with redirect_stdout(terminal.stream), redirect_stderr(terminal.stream):
        yield terminal


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    for name in ("NO_COLOR", "FORCE_COLOR", "LINES", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def make_session(*, as_json: bool = False) -> Session:
    return Session("en", as_json, None, excel=False)


def test_bars_are_drawn_and_wipe_out_nothing_that_was_said():
    session = make_session()
    with watch() as terminal, session.progress() as progress:
        progress("load")
        progress("travel", 1, 2)
        terminal.wait_for("Travel times")
        session.print("Answer one")
        progress("sites")
        progress("write")
        session.show(Table((Column("Place"), Column("Persons", "number")), [["Balvi", 12]]))
        session.remark("written map.html")
        progress("write", 1, 2)
    with redirect_stderr(terminal.stream):
        session.wrote(Path("annex.pdf"))
    seen = [line for line in terminal.show() if line]
    assert seen[0] == "Answer one"
    assert [line.split() for line in seen[1:3]] == [["Place", "Persons"], ["Balvi", "12"]]
    assert seen[3:] == ["written map.html", "wrote annex.pdf"]


def test_an_answer_as_json_is_not_wiped_out_either():
    session = make_session(as_json=True)
    with watch() as terminal, session.progress() as progress:
        progress("load")
        progress("write")
        session.print_json({"persons": 12})
    assert json.loads("".join(terminal.show())) == {"persons": 12}


def test_words_stay_whole_in_lines_and_tables():
    session = make_session()
    sentence = "Suggested only where it serves at least as many people as small institutions do."
    words = "social rehabilitation, children with disabilities"
    header = Column("Service"), Column("Place"), Column("Equally good")
    with watch() as terminal:
        session.print(sentence)
        session.show(Table(header, [[words, "Krāslavas novads", "Ūdrīšu pagasts un vēl 12"]] * 2))
    seen = terminal.show()
    assert all(len(line) <= COLUMNS for line in seen)
    assert " ".join(seen[:2]) == sentence
    table = {word for line in seen[2:] for word in line.split()}
    assert set(words.split()) <= table
    assert {"Krāslavas", "novads"} <= table


def test_lines_stay_whole_where_nobody_watches(capsys: pytest.CaptureFixture[str]):
    sentence = "word " * 60
    make_session().print(sentence.strip())
    assert capsys.readouterr().out == sentence.strip() + "\n"


WORDS = st.lists(st.text("abcdeģšā", min_size=1, max_size=22), max_size=4).map(" ".join)


@given(st.integers(30, 140), st.data())
def test_no_table_loses_a_sign_or_leaves_the_screen(width: int, data: st.DataObject):
    many = data.draw(st.integers(1, width // 6))
    titles, *rows = data.draw(
        st.lists(st.lists(WORDS, min_size=many, max_size=many), min_size=2, max_size=4)
    )
    kinds = data.draw(st.lists(st.sampled_from(["text", "number"]), min_size=many, max_size=many))
    columns = tuple(map(Column, titles, kinds))
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None)
    print_document(Document("lv", "", (Table(columns, rows),)), console)
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    said = "".join("".join(row) for row in [titles, *rows])
    assert sorted("".join(lines).replace(" ", "")) == sorted(said.replace(" ", ""))


def test_files_are_written_though_nobody_reads_the_answer_to_its_end(tmp_path: Path):
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from socaccess.cli.session import Session\n"
        "session = Session('en', False, Path(sys.argv[1]), excel=False)\n"
        "for number in range(9_999):\n"
        "    session.print(f'line {number}')\n"
        "session.finish({}, texts={'after.txt': 'written'})\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as done:
        assert done.stdout is not None and done.stderr is not None
        assert done.stdout.readline() == b"line 0\n"
        done.stdout.close()
        said = done.stderr.read().decode()
        assert done.wait() == 0, said
    assert (tmp_path / "after.txt").read_text() == "written"
    assert "Traceback" not in said and "after.txt" in said


@pytest.mark.parametrize("codec", ["cp1257", "cp1252", "cp775", "latin-1"])
def test_marks_are_read_on_every_code_page(codec: str):
    script = (
        "import sys\n"
        "from socaccess.cli.codepages import write_plainly\n"
        "from socaccess.cli.session import Session\n"
        "write_plainly()\n"
        "Session('lv', False, None, False).print('Rugāju novads ≥5 – „…” 30 € ģ')\n"
        "Session('lv', True, None, False).print_json({'persons': '≥5', 'name': 'Rugāju novads'})\n"
        "Session('lv', False, None, False).remark('Rugāju novads ≥5 漢')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONIOENCODING": codec, "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    line, answer = done.stdout.decode(codec).splitlines()
    letter = "ā" if codec in ("cp1257", "cp775") else "a"
    assert line.startswith(f"Rug{letter}ju novads >=5 ") and "?" not in line
    assert json.loads(answer) == {"persons": "≥5", "name": "Rugāju novads"}
    assert done.stderr.decode(codec).strip() == f"Rug{letter}ju novads >=5 ?"


def test_a_command_ends_well_on_a_foreign_code_page():
    done = subprocess.run(
        [sys.executable, "-m", "socaccess", "--help"],
        env={**os.environ, "SOCACCESS_LANG": "lv", "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Komandas" in done.stdout.decode("cp1252")
