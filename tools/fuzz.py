"""Feed every reader with damaged and hostile files: nothing but our own errors may come out.

    python tools/fuzz.py                            # every reader, 2,000 inputs each
    python tools/fuzz.py --runs 20000 --reader workbook --reader geojson
    python tools/fuzz.py --total 2000000            # all readers in turn, goes on where it stopped
    python tools/fuzz.py --atheris csv --runs 100000  # guided by coverage (Linux)

An input is a valid file (made here, or kept in `tests/trust/seeds`), a file of another format under
the reader's ending, or a small file of large dimensions, with a few bytes flipped, cut, doubled,
swapped or replaced by signs that readers trip over. A finding is an error that is not ours, an
input that takes more than ten seconds of the processor, a request, a process started or a file
elsewhere opened from Python, or the end of the process; a process has two gigabytes of memory above
its start and no more. What C libraries ask of the system is traced in `tests/trust/test_traces.py`.
The input that did it is written to `--keep`; once it is fixed it belongs into `tests/trust/seeds`,
where the tests read it every time.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from tools._foreign import list_foreign, list_large  # noqa: E402
from tools._readers import READERS, Reader  # noqa: E402

SEEDS = ROOT / "tests" / "trust" / "seeds"
SECONDS = 10
MEMORY_BYTES = 2_000_000_000

WORDS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"'", b'"', b"\r", b"\n\n", b",,", b";", b"\t", b"-",
    b"=", b"NaN", b"inf", b"1e999", b"-1", b"99999999999999999999", b"0x41", b"{", b"}", b"[[[[",
    b"]", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<a>", b"</a>", b"../../x", b"%00",
    b"\xf0\x9f\x92\xa9", b"null", b"true", b"\xe2\x80\xae", b"\x7f" * 8, b"\xff" * 8,
    b"PK\x05\x06", b"sep=",
)  # fmt: skip
"""Bytes that readers trip over."""


def _ours() -> type[Exception]:
    from socaccess.errors import SocAccessError

    return SocAccessError


class HangError(Exception):
    """An input took too long."""


def read_bytes(reader: Reader, data: bytes, folder: Path) -> None:
    """Read one input; anything but our own errors goes on to the caller."""
    path = folder / f"input{reader.suffix}"
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reader.read(path)
        except _ours():
            pass
        finally:
            for left in folder.iterdir():
                left.unlink()


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Return the file with one to six small damages."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed) + 1)
        kind = chance.randrange(7)
        if kind == 0 and changed:
            changed[at % len(changed)] ^= 1 << chance.randrange(8)
        elif kind == 1 and changed:
            changed[at % len(changed)] = chance.randrange(256)
        elif kind == 2:
            del changed[at : at + chance.choice((1, 4, 64, len(changed)))]
        elif kind == 3:
            changed[at:at] = changed[at : at + chance.choice((1, 16, 256))]
        elif kind == 4:
            changed[at:at] = chance.choice(WORDS)
        elif kind == 5:
            word = chance.choice(WORDS)
            changed[at : at + len(word)] = word
        else:
            other = chance.randrange(len(changed) + 1)
            piece = bytes(changed[other : other + 16])
            changed[at : at + len(piece)] = piece
    return bytes(changed)


@cache
def _make(name: str) -> bytes:
    return READERS[name].make()


@cache
def _list_kept(name: str) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(SEEDS.glob(f"{name}-*")))


def list_inputs(name: str, runs: int, start: int = 0) -> Iterator[bytes]:
    """Yield the kept inputs of a reader, its valid file, and damaged ones; always the same."""
    valid, kept = (_make(name),), _list_kept(name)
    foreign = [*list_foreign(), *(_make(other) for other in READERS if other != name)]
    large = list_large().get(READERS[name].suffix, [])
    if not start:
        yield from (*kept, *valid, *foreign, *large)
    for number in range(start, start + runs):
        chance = random.Random(f"{name} {number}")
        draw = chance.random()
        # What is refused at the first byte teaches little: most inputs are nearly right.
        if large and draw < 0.02:
            seeds = large
        elif draw < 0.1:
            seeds = foreign
        else:
            seeds = valid + kept
        yield mutate(chance.choice(seeds), chance)


class ReachedOutError(Exception):
    """An input made the reader ask a server, start a process or open a file nobody named."""


_OWN = tuple(
    os.path.realpath(path) + "/"
    for path in (sys.prefix, sys.base_prefix, ROOT, "/proc", "/sys", "/dev", "/usr/share")
)
"""Where the program's own files lie: modules, kernels, time zones, the system's figures."""
_SCRATCH = os.path.realpath(tempfile.gettempdir()) + "/socaccess-"


def limit_process(*folders: Path) -> None:
    """Give this process two gigabytes from here on, no connection, no process, no other file."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    known = (*_OWN, _SCRATCH, *(os.path.realpath(folder) + "/" for folder in folders))

    def forbid(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("socket.connect", "subprocess.Popen", "os.system", "os.posix_spawn"):
            raise ReachedOutError(f"{event} {arguments!r:.80}")
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not path.startswith(known):
                raise ReachedOutError(f"open {path:.80}")

    sys.addaudithook(forbid)


@contextmanager
def watch(seconds: int) -> Iterator[None]:
    """Raise `HangError` when what is done takes more seconds of the processor, or waits for long.

    A library in C that never comes back is ended, with its process, after twice as many.
    """

    def stop(*_: object) -> None:
        raise HangError

    signals = {signal.SIGPROF: stop, signal.SIGALRM: stop}
    before = {number: signal.signal(number, act) for number, act in signals.items()}
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_VIRTUAL, 2 * seconds)  # nobody hears it: it ends the process
    signal.alarm(10 * seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        for timer in (signal.ITIMER_PROF, signal.ITIMER_VIRTUAL):
            signal.setitimer(timer, 0)
        for number, act in before.items():
            signal.signal(number, act)


class Findings:
    """What was found of a reader: one input of each kind is kept."""

    def __init__(self, name: str, keep: Path) -> None:
        self.name, self.keep, self.kinds = name, keep, dict[str, int]()

    def try_input(self, data: bytes, folder: Path) -> None:
        """Read one input and write down what goes wrong."""
        try:
            with watch(SECONDS):
                read_bytes(READERS[self.name], data, folder)
            return
        except Exception as error:
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            place = trace.tb_frame.f_code.co_name if trace else "?"
            kind = f"{type(error).__name__} in {place}: {str(error)[:90]!r}"
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] == 1:
            file = self.keep / f"{self.name}-{os.getpid()}-{len(self.kinds):02d}"
            file.write_bytes(data)
            print(f"  {file.name}: {kind}", flush=True)


def run_here(name: str, runs: int, start: int, keep: Path) -> int:
    """Read inputs in this process; return how many findings there are."""
    found, current = Findings(name, keep), keep / f"{name}-current"
    with tempfile.TemporaryDirectory() as folder:
        read_bytes(READERS[name], READERS[name].make(), Path(folder))
        inputs = list_inputs(name, runs, start)
        first = next(inputs)
        limit_process(Path(folder), keep)
        for data in itertools.chain([first], inputs):
            current.write_bytes(data)  # found here when the process itself ends
            found.try_input(data, Path(folder))
    current.unlink(missing_ok=True)
    return sum(found.kinds.values())


BLOCK_SECONDS, SHIFT_SECONDS = 3.0, 1200.0


def run_shift(total: int, keep: Path) -> int:
    """Read inputs of every reader in turn for some minutes; return 0 when enough are read.

    Each reader has the same time, so that cheap ones have more inputs; what was read of each
    stands in `counts.json`.
    """
    tally = keep / "counts.json"
    counts = dict.fromkeys(READERS, 0) | (json.loads(tally.read_text()) if tally.exists() else {})
    found = {name: Findings(name, keep) for name in READERS}
    folder = keep / "reading"
    folder.mkdir(exist_ok=True)
    for name, reader in READERS.items():
        (keep / "now").write_text(name)
        read_bytes(reader, reader.make(), folder)
        next(list_inputs(name, 1, 1))
    limit_process(folder, keep)
    end = time.monotonic() + SHIFT_SECONDS
    while time.monotonic() < end and sum(counts.values()) < total:
        for name in READERS:
            (keep / "now").write_text(name)
            stop = time.monotonic() + BLOCK_SECONDS
            for data in list_inputs(name, 10_000, counts[name]):
                found[name].try_input(data, folder)
                counts[name] += 1
                if time.monotonic() > stop:
                    break
            tally.write_text(json.dumps(counts))
    print(f"{sum(counts.values())} inputs: {json.dumps(counts)}", flush=True)
    return 0 if sum(counts.values()) >= total else 3


def run_total(total: int, keep: Path) -> int:
    """Read inputs shift by shift, each in a process of its own; return how many have ended it."""
    ended = 0
    while True:
        done = subprocess.run(
            [sys.executable, __file__, "--shift", str(total), "--keep", str(keep)], check=False
        ).returncode
        if done == 0:
            return ended
        if done != 3:
            ended += 1
            name = (keep / "now").read_text()
            for file in (keep / "reading").iterdir():
                file.replace(keep / f"{name}-ended-{ended:02d}")
            print(f"  {name}-ended-{ended:02d}: the process ended with {done}", flush=True)
            tally = keep / "counts.json"
            counts = json.loads(tally.read_text()) if tally.exists() else {}
            tally.write_text(json.dumps(counts | {name: counts.get(name, 0) + 10_000}))


def run_apart(name: str, runs: int, start: int, keep: Path) -> bool:
    """Read inputs in a process of its own; return whether nothing was found."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, __file__, "--here", name, "--runs", str(runs), "--start", str(start),
         "--keep", str(keep)],
        check=False,
    )  # fmt: skip
    took = time.perf_counter() - begin
    verdict = {0: "nothing found", 1: "findings above"}.get(
        done.returncode, f"the process ended with {done.returncode}; see {keep / name}-current"
    )
    print(f"{name}: {runs} inputs in {took:.0f} s: {verdict}", flush=True)
    return done.returncode == 0


def run_guided(name: str, runs: int, keep: Path) -> None:
    """Let atheris choose the inputs by the branches they reach."""
    import atheris

    with atheris.instrument_imports(include=["socaccess"]):
        reader = READERS[name]
        folder = Path(tempfile.mkdtemp())
        corpus = keep / f"corpus-{name}"
        corpus.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(list_inputs(name, 20)):
            (corpus / f"seed-{number}").write_bytes(data)
        read_bytes(reader, reader.make(), folder)
    arguments = [sys.argv[0], f"-runs={runs}", f"-timeout={SECONDS}", "-rss_limit_mb=4096",
                 "-max_len=65536", f"-artifact_prefix={keep}/{name}-", str(corpus)]  # fmt: skip
    atheris.Setup(arguments, lambda data: read_bytes(reader, data, folder))
    atheris.Fuzz()


def main() -> None:
    """Fuzz what is asked for; exit 1 when anything is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2_000, help="inputs for each reader")
    parser.add_argument("--start", type=int, default=0, help="number of the first input")
    parser.add_argument("--reader", action="append", choices=READERS, help="only these")
    parser.add_argument("--atheris", choices=READERS, help="guided by coverage, one reader")
    parser.add_argument("--total", type=int, help="so many inputs of all readers together")
    parser.add_argument("--shift", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--here", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "socaccess-fuzz")
    chosen = parser.parse_args()
    chosen.keep.mkdir(parents=True, exist_ok=True)
    if chosen.atheris:
        run_guided(chosen.atheris, chosen.runs, chosen.keep)
    elif chosen.total:
        sys.exit(bool(run_total(chosen.total, chosen.keep)))
    elif chosen.shift:
        sys.exit(run_shift(chosen.shift, chosen.keep))
    elif chosen.here:
        sys.exit(bool(run_here(chosen.here, chosen.runs, chosen.start, chosen.keep)))
    else:
        names = chosen.reader or list(READERS)
        fine = [run_apart(name, chosen.runs, chosen.start, chosen.keep) for name in names]
        sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
