"""A table in partitions on disk: one GeoParquet file each, a journal while it grows, a manifest.

While a table is written, `plan.json` says what is being made and `journal.jsonl` gets a line for
every partition that is whole; whoever asks for the same table again goes on from there. In the
end `manifest.json` takes their place: the plan, and name, rows, size and SHA-256 of every file.
Equal questions give equal bytes, however many workers did the work and however often it stopped.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socaccess.errors import InputError, OutputError
from socaccess.files import hash_bytes, write_file

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["FORMAT", "PartitionedTable", "TableWriter", "encode_table", "open_table"]

FORMAT = "socaccess partitions 1"
_PLAN, _JOURNAL, _MANIFEST = "plan.json", "journal.jsonl", "manifest.json"


@dataclass(frozen=True)
class PartitionedTable:
    """A table on disk in partitions of origins.

    Parameters
    ----------
    folder
        Where it lies.
    plan
        What it holds: kind, options, hashes of network, origins and destinations.
    files
        `file`, `rows`, `bytes` and `sha256` of every partition, in the order of the origins, and
        under the name `destinations.parquet` of the destinations, where the kind has them.
    """

    folder: Path
    plan: dict[str, Any]
    files: tuple[dict[str, Any], ...]

    @property
    def kind(self) -> str:
        """What the rows are: `travel_times`, `nearest` or `coverage`."""
        return str(self.plan["kind"])

    @property
    def partitions(self) -> list[Path]:
        """Files of the partitions, in the order of the origins."""
        return [self.folder / item["file"] for item in self.files if _is_part(item["file"])]

    def read(self, columns: Sequence[str] | None = None) -> Iterator[gpd.GeoDataFrame]:
        """Yield partition after partition, whole or only some columns (then a plain table)."""
        import geopandas as gpd
        import pandas as pd

        for path in self.partitions:
            if columns is None:
                yield gpd.read_parquet(path)
            else:
                yield pd.read_parquet(path, columns=list(columns))

    def verify(self) -> None:
        """Check every file against its hash.

        Raises
        ------
        InputError
            Naming every file that is missing or was changed.
        """
        wrong = [item["file"] for item in self.files if not _is_whole(self.folder, item)]
        if wrong:
            raise InputError("scale.files_changed", where=self.folder.name, rows=wrong)


def open_table(folder: str | Path) -> PartitionedTable:
    """Return the finished table in a folder.

    Raises
    ------
    InputError
        If there is none, or it is not finished.
    """
    folder = Path(folder)
    if (folder / _PLAN).exists():
        raise InputError("scale.not_finished", where=str(folder))
    try:
        told = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        found = PartitionedTable(folder, told["plan"], tuple(told["files"]))
        known = told["format"] == FORMAT and all(
            Path(item["file"]).name == item["file"] and item["bytes"] >= 0 and item["sha256"]
            for item in found.files
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError("scale.no_table", where=str(folder)) from None
    if not known:
        raise InputError("scale.other_format", where=str(folder), format=FORMAT)
    return found


class TableWriter:
    """Writes a table partition by partition, or goes on where it stopped.

    Parameters
    ----------
    folder
        Where to; made if absent.
    plan
        Everything the content depends on, as plain values.

    Raises
    ------
    InputError
        If the folder holds a table of another plan.
    """

    def __init__(self, folder: str | Path, plan: dict[str, Any]) -> None:
        self._folder = Path(folder)
        self._plan = {"format": FORMAT, **plan}
        self._done: dict[str, dict[str, Any]] = {}
        _make_folder(self._folder)
        text = _dump(self._plan)
        before = self._read_plan()
        if before is not None and _dump(before) != text:
            changed = sorted(
                key for key in {*before, *self._plan} if before.get(key) != self._plan.get(key)
            )
            raise InputError("scale.other_question", where=str(self._folder), names=changed)
        for item in self._read_done():
            if _is_whole(self._folder, item):
                self._done[item["file"]] = item
        write_file(self._folder / _PLAN, text)
        lines = "".join(json.dumps(item, sort_keys=True) + "\n" for item in self._done.values())
        write_file(self._folder / _JOURNAL, lines)

    def has(self, name: str) -> bool:
        """Return whether a file is there and whole."""
        return name in self._done

    def add(self, name: str, data: bytes, rows: int) -> None:
        """Write one file, whole or not at all, and note that it is there."""
        write_file(self._folder / name, data)
        item = {"file": name, "rows": rows, "bytes": len(data), "sha256": hash_bytes(data)}
        self._done[name] = item
        try:
            with (self._folder / _JOURNAL).open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(item, sort_keys=True) + "\n")
        except OSError:
            raise OutputError("scale.not_writable", where=str(self._folder)) from None

    def finish(self) -> PartitionedTable:
        """Write the manifest and return the table."""
        files = [self._done[name] for name in sorted(self._done)]
        told = {"format": FORMAT, "plan": self._plan, "files": files}
        write_file(self._folder / _MANIFEST, _dump(told))
        for name in (_JOURNAL, _PLAN):
            (self._folder / name).unlink(missing_ok=True)
        return PartitionedTable(self._folder, self._plan, tuple(files))

    def _read_plan(self) -> dict[str, Any] | None:
        """Return the plan of what is in the folder, None where nothing is."""
        for name in (_PLAN, _MANIFEST):
            try:
                told = json.loads((self._folder / name).read_text(encoding="utf-8"))
                return dict(told if name == _PLAN else told["plan"])
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError):
                raise InputError("scale.not_readable", where=str(self._folder / name)) from None
        return None

    def _read_done(self) -> Iterator[dict[str, Any]]:
        manifest, journal = self._folder / _MANIFEST, self._folder / _JOURNAL
        if manifest.exists():
            yield from json.loads(manifest.read_text(encoding="utf-8"))["files"]
        if journal.exists():
            for line in journal.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    item = json.loads(line)
                except ValueError:
                    continue  # the line during which everything stopped: that part is done anew
                if isinstance(item, dict) and "file" in item:
                    yield item


def encode_table(table: gpd.GeoDataFrame) -> bytes:
    """Return a table as the bytes of a GeoParquet file; equal tables give equal bytes."""
    stream = io.BytesIO()
    table.to_parquet(stream, index=False, compression="zstd")
    return stream.getvalue()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise OutputError("scale.not_writable", where=str(folder)) from None


def _is_part(name: str) -> bool:
    return name.startswith("part-")


def _is_whole(folder: Path, item: dict[str, Any]) -> bool:
    """Return whether a file is in the folder with the size and hash that are told of it."""
    name = str(item.get("file"))
    path = folder / name
    if Path(name).name != name or not path.is_file() or path.stat().st_size != item.get("bytes"):
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == item.get("sha256")


def _dump(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n"
