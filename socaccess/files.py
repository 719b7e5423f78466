"""Writing files: whole or not at all, several of them together, nothing left behind.

Everything is written into a folder aside, `.writing-<user>/<run>/` in the folder it is for,
flushed to the disk, and only then swapped in. A journal in the folder aside says which files are
being swapped while they are: if one cannot be (it is held open, a folder is in the way), those
swapped before it are put back; if the process dies, the next one that writes into the folder puts
them back. A run holds a lock while it lives, so that nobody tidies up what is still being written.

    .writing-1000/lock              held for a moment, to begin and to swap
    .writing-1000/4f1c/lock         held as long as the run lives
    .writing-1000/4f1c/new/         the new files
    .writing-1000/4f1c/old/         the files they replace, while they are swapped
    .writing-1000/4f1c/swap.json    the journal; without it all files are old, or all are new
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socaccess.errors import OutputError, SocAccessError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = [
    "ASIDE",
    "create_file",
    "hash_bytes",
    "require_folder",
    "sanitise_name",
    "write_aside",
    "write_file",
    "write_files",
    "write_together",
]

ASIDE: Final = ".writing-"
"""How the names begin of folders and files that are not whole yet."""

_WAIT_S = 60.0
"""How long the others may take to begin and to swap."""

_BINARY = getattr(os, "O_BINARY", 0)
_JOURNAL = "swap.json"
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS,
             errno.EMLINK, errno.EXDEV)  # fmt: skip
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)
_CODES = {
    errno.ENOSPC: "files.disk_full",
    errno.EFBIG: "files.disk_full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "files.disk_full",
    errno.EACCES: "files.held_or_forbidden",
    errno.EPERM: "files.held_or_forbidden",
    errno.EBUSY: "files.held_or_forbidden",
    errno.EROFS: "files.read_only",
    errno.EISDIR: "files.folder_in_way",
    errno.ENOTDIR: "files.no_folder",
    errno.EEXIST: "files.no_folder",
    errno.ENOENT: "files.no_folder",
    errno.ETIMEDOUT: "files.busy",
}
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


# ---- for everybody --------------------------------------------------------------------------


@contextmanager
def write_together(folder: str | Path) -> Iterator[Path]:
    """Give a folder aside whose files take their places in `folder` once all of them are whole.

    Other files of `folder` are left alone; files that are replaced keep their mode.

    Parameters
    ----------
    folder
        Where the files go; made if absent.

    Yields
    ------
    pathlib.Path
        The folder aside, for files only.

    Raises
    ------
    OutputError
        If something could not be written or swapped; what was there before is still there.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with write_together(folder) as aside:
    ...     _ = (aside / "a.csv").write_text("a")
    ...     _ = (aside / "b.csv").write_text("b")
    >>> sorted(path.name for path in folder.iterdir())
    ['a.csv', 'b.csv']
    """
    folder = Path(folder)
    with _name_failure(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _run_aside(folder) as aside:
            yield aside


def require_folder(folder: str | Path) -> None:
    """Raise `OutputError` where a folder is none, or could not be made or written into.

    Asked before work that takes long: afterwards its files would have nowhere to go.

    Examples
    --------
    >>> require_folder("out/latgale")
    """
    folder = Path(folder)
    with _name_failure(folder):
        there = next(path for path in (folder.absolute(), *folder.absolute().parents)
                     if path.exists())  # fmt: skip
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        if not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))


@contextmanager
def write_aside(path: str | Path) -> Iterator[Path]:
    """Give a path aside, of the same name; the file written there takes the place of `path`.

    Raises
    ------
    OutputError
        If it could not be written; what was there before is still there.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "answer.txt"
    >>> with write_aside(path) as aside:
    ...     _ = aside.write_text("42")
    >>> path.read_text()
    '42'
    """
    path = Path(path)
    with _name_failure(path), _run_aside(path.parent) as aside:
        yield aside / path.name


def write_file(path: str | Path, content: bytes | str) -> Path:
    r"""Write one file, whole or not at all, and return its path; texts are UTF-8.

    Examples
    --------
    >>> import tempfile
    >>> write_file(tempfile.mkdtemp() + "/a.csv", "name\nDagda\n").name
    'a.csv'
    """
    path = Path(path)
    with write_aside(path) as aside:
        aside.write_bytes(_encode(content))
    return path


def write_files(folder: str | Path, files: Mapping[str, bytes | str]) -> list[Path]:
    """Write several files, by name, all or none, and return their paths in the order given."""
    folder = Path(folder)
    with write_together(folder) as aside:
        for name, content in files.items():
            (aside / name).write_bytes(_encode(content))
    return [folder / name for name in files]


def create_file(path: str | Path, content: bytes | str, *, aside: Path | None = None) -> None:
    """Write a new file, whole or not at all; a name that is taken is never written over.

    Parameters
    ----------
    path
        The file.
    content
        What it holds; texts are UTF-8.
    aside
        The folder it is written in first; by default its own.

    Raises
    ------
    FileExistsError
        If the name is taken.
    OutputError
        If it could not be written.
    """
    path = Path(path)
    part = (aside or path.parent) / f"{ASIDE}{secrets.token_hex(8)}"
    with _name_failure(path, passing=FileExistsError):
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
            try:
                rest = memoryview(_encode(content))
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.fsync(handle)
            finally:
                os.close(handle)
            _give_name(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        _flush_folder(path.parent)


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 of `content` as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sanitise_name(name: str, *, most: int = 100) -> str:
    r"""Return `name` as one harmless file name: no folder, nothing that any system minds.

    Examples
    --------
    >>> sanitise_name("../../etc/Rēzeknes novads?.xlsx")
    'Rēzeknes_novads_.xlsx'
    >>> sanitise_name("..\\..\\"), sanitise_name("con.xlsx")
    ('unnamed', '_con.xlsx')
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").split("/")[-1]
    plain = re.sub(r"[^\w.\-]+", "_", last).lstrip(".")[-most:].strip(".")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return plain if plain.strip("._") else "unnamed"


# ---- one run --------------------------------------------------------------------------------


@contextmanager
def _run_aside(folder: Path) -> Iterator[Path]:
    """Give the folder aside of a run, and swap at its end; a run within a run is part of it."""
    if any(part.startswith(ASIDE) for part in folder.parts):
        yield folder
        return
    run = _Run(folder)
    try:
        run.begin()
        yield run.new
        run.swap()
    finally:
        run.end()


class _Run:
    """The folder aside of one writer, from its first file to the swap."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        user = os.getuid() if hasattr(os, "getuid") else 0
        self.home = folder / f"{ASIDE}{user}"
        self.aside = self.home / secrets.token_hex(8)
        self.new = self.aside / "new"
        self.own: BaseFileLock | None = None

    def begin(self) -> None:
        """Tidy up after the dead, and make the folder aside."""
        with self._hold_folder():
            _tidy(self.folder, self.home)
            self.aside.mkdir()
            self.own = _try_lock(self.aside / "lock", 0)
            self.new.mkdir()

    def swap(self) -> None:
        """Put the new files in place, all of them or none."""
        names = sorted(path.name for path in self.new.iterdir())
        for name in names:
            _prepare(self.new / name, self.folder / name)
        with self._hold_folder():
            # Somebody may have died in the middle of a swap since this run began.
            _tidy(self.folder, self.home)
            if len(names) > 1:
                _swap(self.aside, self.folder, names)
            else:
                for name in names:
                    _replace(self.new / name, self.folder / name)
                _flush_folder(self.folder)

    def end(self) -> None:
        """Leave nothing behind, except what the next run needs to put old files back."""
        with suppress(OSError), self._hold_folder():
            if not (self.aside / _JOURNAL).exists():
                _remove(self.aside, self.own)
        if self.own is not None:
            self.own.release()

    @contextmanager
    def _hold_folder(self) -> Iterator[None]:
        """Hold the lock of the folder; the last one out takes the folder aside along."""
        lock = None
        for _ in range(100):
            self.home.mkdir(exist_ok=True)
            try:
                lock = _try_lock(self.home / "lock", _WAIT_S)
            except FileNotFoundError:  # the last one out has just taken the folder along
                continue
            break
        try:
            yield
        finally:
            with suppress(OSError):
                if [path.name for path in self.home.iterdir()] in ([], ["lock"]):
                    _remove(self.home, lock)
            if lock is not None:
                lock.release()


def _swap(aside: Path, folder: Path, names: list[str]) -> None:
    """Swap several files: the journal stands from before the first until after the last."""
    old = aside / "old"
    old.mkdir()
    journal = {name: os.path.lexists(folder / name) for name in names}
    draft = aside / f"{_JOURNAL}.part"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(journal, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(aside / _JOURNAL)
    _flush_folder(aside / "new")
    _flush_folder(aside)
    try:
        for name, existed in journal.items():
            if existed:
                _keep(folder / name, old / name)
            _replace(aside / "new" / name, folder / name)
        _flush_folder(folder)
        (aside / _JOURNAL).unlink()
    except BaseException:
        with suppress(OSError):
            _put_back(aside, folder)
        raise


def _put_back(aside: Path, folder: Path) -> None:
    """Undo a swap as far as it came; without a journal there is nothing to undo."""
    try:
        journal = json.loads((aside / _JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for name, existed in journal.items():
        kept, target = aside / "old" / name, folder / name
        if existed and os.path.lexists(kept):
            if not (os.path.lexists(target) and os.path.samestat(kept.lstat(), target.lstat())):
                _replace(kept, target)
        elif not existed and not (aside / "new" / name).exists():
            target.unlink(missing_ok=True)
    _flush_folder(folder)
    (aside / _JOURNAL).unlink()


def _tidy(folder: Path, home: Path) -> None:
    """Undo what dead runs left half done, and remove what they left."""
    for aside in [path for path in home.iterdir() if path.is_dir()]:
        with suppress(OSError):
            lock = _try_lock(aside / "lock", 0)
            if lock is None:
                continue  # no locks on this disk: nobody knows who lives
            try:
                _put_back(aside, folder)
                _remove(aside, lock)
            finally:
                lock.release()


def _try_lock(path: Path, wait_s: float) -> BaseFileLock | None:
    """Return a lock that is held; None on a disk that knows no locks.

    Raises
    ------
    OSError
        If somebody else holds it (`TimeoutError`), or its folder is gone.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=wait_s)
    try:
        lock.acquire()
    except Timeout:
        raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(path)) from None
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return lock


def _prepare(new: Path, target: Path) -> None:
    """Flush a new file to the disk and give it the mode of the one it replaces."""
    with new.open("r+b") as file:
        os.fsync(file.fileno())
    if not os.path.lexists(target):
        return
    mode = target.lstat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise OSError(errno.EINVAL, "not a plain file", str(target))
    if stat.S_ISREG(mode):
        new.chmod(stat.S_IMODE(mode))


def _keep(target: Path, old: Path) -> None:
    """Keep a file that is about to be replaced; it goes on standing in its place if it can."""
    try:
        os.link(target, old, follow_symlinks=False)
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LINKS:
            raise
        _replace(target, old)


def _give_name(part: Path, target: Path) -> None:
    """Give a whole file its name, which appears at once or not at all, unless it is taken."""
    if os.name == "nt":
        part.rename(target)  # refuses a name that is taken
        return
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without hard links: the look and the renaming are two steps here.
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        part.rename(target)


def _replace(source: Path, target: Path) -> None:
    """Rename over what is there; on Windows wait a moment for those who only look into it."""
    for wait_s in (0.05, 0.1, 0.2, 0.4, None):
        try:
            source.replace(target)
            return
        except PermissionError:
            if os.name != "nt" or wait_s is None or target.is_dir():
                raise
            time.sleep(wait_s)


def _remove(folder: Path, lock: BaseFileLock | None) -> None:
    """Remove a folder aside whose lock we hold; Windows removes no file that is open."""
    if os.name == "nt" and lock is not None:
        lock.release()
    shutil.rmtree(folder, ignore_errors=True)


def _flush_folder(folder: Path) -> None:
    """Bring the names in a folder down to the disk, where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _encode(content: bytes | str) -> bytes:
    return content.encode("utf-8") if isinstance(content, str) else content


@contextmanager
def _name_failure(path: Path, *, passing: type[OSError] = OutputError) -> Iterator[None]:
    """Turn what the system refuses into one of our errors; what is `passing` stays as it is."""
    try:
        yield
    except (SocAccessError, passing):
        raise
    except OSError as error:
        named = [str(name) for name in (error.filename2, error.filename) if name]
        where = next((name for name in named if ASIDE not in name), str(path))
        code = _CODES.get(error.errno or 0, "files.not_written")
        number = errno.errorcode.get(error.errno or 0, type(error).__name__)
        failure = OutputError(code, where=where, number=number)
        failure.errno = error.errno  # a full disk may be told from others
        raise failure from None
