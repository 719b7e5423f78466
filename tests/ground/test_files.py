"""Files are all old or all new, whatever stops their writer, and nothing of it stays behind."""

from __future__ import annotations

import errno
import multiprocessing
import os
import random
import stat
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from socaccess.errors import OutputError
from socaccess.files import (
    create_file,
    sanitise_name,
    write_aside,
    write_file,
    write_files,
    write_together,
)

from .writer_to_kill import NAMES, die_at, write_generation, write_generations

KILLS = int(os.environ.get("SOCACCESS_KILLS", "200"))
STEPS = ("mkdir", "open", "fsync", "replace", "link", "rename", "unlink", "rmdir", "chmod")


def read_folder(folder: Path) -> dict[str, str]:
    """Return the content of every file below `folder`, whatever it is called."""
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def find_generation(folder: Path) -> int:
    """Return the one generation all files of the folder are of; fail if they are of several."""
    files = {name: text for name, text in read_folder(folder).items() if "/" not in name}
    assert set(files) == set(NAMES)
    assert len({len(text) for text in files.values()}) == 1
    numbers = {int(text.split()[0]) for text in files.values()}
    assert len(numbers) == 1, files.keys()
    return numbers.pop()


def test_files_written_together_and_replaced(tmp_path):
    folder = tmp_path / "new" / "deeper"
    with write_together(folder) as aside:
        (aside / "a.csv").write_text("1")
        (aside / "ē b.csv").write_text("2")
        assert not (folder / "a.csv").exists()
    (folder / "theirs.txt").write_text("mine")
    assert write_files(folder, {"a.csv": "3", "c.bin": b"4"}) == [
        folder / "a.csv",
        folder / "c.bin",
    ]
    assert write_file(folder / "d.csv", "Dagda\nĀ\n").read_bytes() == b"Dagda\n\xc4\x80\n"
    assert read_folder(folder) == {
        "a.csv": "3", "ē b.csv": "2", "c.bin": "4", "d.csv": "Dagda\nĀ\n", "theirs.txt": "mine",
    }  # fmt: skip


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path):
    write_files(tmp_path, {"a": "old", "b": "old"})
    with pytest.raises(KeyError), write_together(tmp_path) as aside:
        (aside / "a").write_text("new")
        raise KeyError("a mistake of the program")
    refused = pytest.raises(OutputError, match="could not be written: the disk is full")
    with refused, write_aside(tmp_path / "a") as path:
        path.write_text("new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert read_folder(tmp_path) == {"a": "old", "b": "old"}


def test_several_at_once_in_one_folder(tmp_path):
    with ExitStack() as stack:
        paths = [stack.enter_context(write_aside(tmp_path / name)) for name in "abc"]
        for path in paths:
            path.write_text(path.name)
    assert read_folder(tmp_path) == {"a": "a", "b": "b", "c": "c"}


def test_a_run_at_work_is_left_alone(tmp_path):
    with write_together(tmp_path) as aside:
        (aside / "a").write_text("slow")
        program = (
            "import sys; from socaccess.files import write_files\n"
            "write_files(sys.argv[1], {'a': 'x', 'b': 'x'})"
        )
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
        assert (tmp_path / "a").read_text() == "x"
    assert read_folder(tmp_path) == {"a": "slow", "b": "x"}


@pytest.mark.skipif(os.name == "nt", reason="modes of Unix")
def test_modes_follow_the_umask_and_the_file_replaced(tmp_path):
    before = os.umask(0o027)
    try:
        write_files(tmp_path, {"a": "1", "b": "1"})
        (tmp_path / "b").chmod(0o600)
        write_files(tmp_path, {"a": "2", "b": "2"})
    finally:
        os.umask(before)
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab"}
    assert modes == {"a": 0o640, "b": 0o600}


def test_a_new_file_never_replaces_another(tmp_path):
    create_file(tmp_path / "a", "first")
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "a", "second")
    assert read_folder(tmp_path) == {"a": "first"}


@pytest.mark.parametrize("name", ["con", "NUL.txt", "com1.csv", "a:b", "..", "x/../y", "dot."])
def test_names_are_harmless_on_every_system(name):
    made = sanitise_name(name)
    assert made == Path(made).name and not made.endswith(".") and ":" not in made
    assert made.split(".")[0].lower() not in {"con", "nul", "com1"}


# ---- stopped anywhere -----------------------------------------------------------------------


def start_context():
    context = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
    if sys.platform != "win32":
        context.set_forkserver_preload(["socaccess.files", "filelock"])
    return context


def test_killed_again_and_again(tmp_path):
    # How long this machine takes, so that kills fall before, in and after a generation.
    begun = time.monotonic()
    for _ in range(5):
        write_generation(tmp_path, 0)
    span = (time.monotonic() - begun) / 5 * 1.5
    draw = random.Random(20261129)
    context = start_context()
    left = swapping = last = 0
    for _ in range(KILLS):
        ready = context.Event()
        writer = context.Process(target=write_generations, args=(tmp_path, last + 1, ready))
        writer.start()
        ready.wait(60)
        time.sleep(draw.uniform(0, span))
        writer.kill()
        writer.join()
        found = read_folder(tmp_path)
        at_work = any("/" in name for name in found)
        left += at_work
        swapping += any(name.endswith("/swap.json") for name in found)
        # The next run, of whatever file, puts right what the dead one left.
        write_file(tmp_path / "next", "x")
        (tmp_path / "next").unlink()
        generation = find_generation(tmp_path)
        assert last <= generation
        if not at_work and last == generation:
            # The writer had not begun: beside much other work it gets its turn late.
            span *= 1.2
        last = generation
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    assert left > KILLS / 10, "the writers were not killed at work"
    assert swapping > 0, "no writer was killed in the middle of a swap"
    assert last > KILLS / 10, "no writer came to the end of a generation"


def test_killed_at_every_step(tmp_path):
    context = start_context()
    torn = 0
    outcomes = []
    for step in range(1, 400):
        write_generation(tmp_path, 1)
        writer = context.Process(target=die_at, args=(tmp_path, 2, step, STEPS))
        writer.start()
        writer.join()
        torn += len({text for name, text in read_folder(tmp_path).items() if "/" not in name}) > 1
        write_file(tmp_path / "next", "x")
        (tmp_path / "next").unlink()
        outcomes.append(find_generation(tmp_path))
        assert set(read_folder(tmp_path)) == set(NAMES)
        if writer.exitcode == 0:
            break
    assert writer.exitcode == 0, "more steps than were tried"
    assert torn >= len(NAMES) - 1, "the steps were not those of the swap"
    # Once it is all new it stays so: there is one moment of change.
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {1, 2}


# ---- a folder in the way, a file held open, a full disk --------------------------------------


@pytest.mark.parametrize("position", range(len(NAMES)))
@pytest.mark.parametrize("fresh", [True, False])
def test_a_folder_in_the_way(tmp_path, position, fresh):
    if not fresh:
        write_generation(tmp_path, 1)
        (tmp_path / NAMES[position]).unlink()
    (tmp_path / NAMES[position] / "inside").mkdir(parents=True)
    before = read_folder(tmp_path)
    with pytest.raises(OutputError, match="could not be written"):
        write_generation(tmp_path, 2)
    assert read_folder(tmp_path) == before
    assert (tmp_path / NAMES[position] / "inside").is_dir()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("position", range(len(NAMES)))
@pytest.mark.parametrize("fresh", [True, False])
def test_a_file_held_open(tmp_path, monkeypatch, position, fresh, links):
    """Another program holds one file, as on Windows: it can be neither replaced nor renamed."""
    if not fresh:
        write_generation(tmp_path, 1)
    before = read_folder(tmp_path)
    held = str(tmp_path / NAMES[position])
    replace = os.replace

    def refuse(source, target, **options):
        if held in (str(source), str(target)):
            raise PermissionError(errno.EACCES, "held open by another program", str(target))
        replace(source, target, **options)

    def no_link(*_args, **_options):
        raise OSError(errno.EPERM, "no hard links on this disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        if not links:
            patch.setattr(os, "link", no_link)
        with pytest.raises(OutputError, match="another program has it open"):
            write_generation(tmp_path, 2)
    assert read_folder(tmp_path) == before
    write_generation(tmp_path, 3)
    assert find_generation(tmp_path) == 3
    assert set(read_folder(tmp_path)) == set(NAMES)


@pytest.mark.parametrize("fresh", [True, False])
def test_the_disk_refuses_at_every_step(tmp_path, monkeypatch, fresh):
    """The n-th call of the system fails, and all after it, or only that one, for every n."""
    outcomes = set()
    for lasting in (True, False):
        for step in range(1, 400):
            folder = tmp_path / f"{lasting}-{step}"
            folder.mkdir()
            if not fresh:
                write_generation(folder, 1)
            before = read_folder(folder)
            refused = refuse_from(step, lasting)
            with monkeypatch.context() as patch:
                for name in STEPS:
                    patch.setattr(os, name, refused.wrap(name))
                try:
                    write_generation(folder, 2)
                    outcome = "new"
                except OutputError:
                    outcome = "old"
            outcomes.add(outcome)
            write_file(folder / "next", "x")
            (folder / "next").unlink()
            after = read_folder(folder)
            if outcome == "new":
                assert find_generation(folder) == 2
            else:
                assert after == before, step
            if not refused.happened:
                break
        assert not refused.happened, "more steps than were tried"
    assert outcomes == {"new", "old"}


class refuse_from:
    """Counts what is asked of the system and refuses from some call on."""

    def __init__(self, step: int, lasting: bool) -> None:
        self.left, self.lasting, self.happened = step, lasting, False

    def wrap(self, name):
        real = getattr(os, name)

        def call(*args, **options):
            self.left -= 1
            if self.left == 0 or (self.lasting and self.left < 0):
                self.happened = True
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*args, **options)

        return call


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize("limit", [0, 1, 1_000, 9_999])
def test_a_full_disk(tmp_path, limit):
    write_generation(tmp_path, 1)
    program = (
        "import resource, sys\n"
        "from tests.ground.writer_to_kill import write_generation\n"
        "from socaccess.errors import OutputError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "try: write_generation(sys.argv[1], 2)\n"
        "except OutputError as error: raise SystemExit(7)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == 7
    write_file(tmp_path / "next", "x")
    (tmp_path / "next").unlink()
    assert find_generation(tmp_path) == 1
    assert set(read_folder(tmp_path)) == set(NAMES)
