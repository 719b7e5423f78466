"""What lies beside the chain of a store and can be erased: free texts, and forms as they came.

The chain holds only a reference to each, the SHA-256 of a random salt and the content. Whoever
erases one takes the salt along, so that what was erased cannot be guessed from what stays.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from socaccess import files
from socaccess.rounds.manifests import StoreError

__all__ = ["ERASED", "KeptDocument", "KeptTexts", "find_document", "read_salted", "seal"]

ERASED = "[…]"
"""What is read in place of a text that was erased."""

_SALT_BYTES = 16


@dataclass(frozen=True)
class KeptDocument:
    """A file kept as it came: its reference, salt, content and the ending of its name."""

    ref: str
    salt: bytes
    content: bytes
    ending: str = "xlsx"

    @property
    def file(self) -> str:
        """Where it lies in the store."""
        return f"documents/{self.ref}.{self.ending}"


def seal(content: bytes, ending: str = "xlsx") -> KeptDocument:
    """Return a document with a salt of its own."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return KeptDocument(files.hash_bytes(salt + content), salt, content, ending)


def read_salted(path: Path, file: str, ref: str) -> bytes:
    """Return a document of the store at `path`; raise where it is not what its reference says."""
    target = path / file
    try:
        content = target.read_bytes()
        salt = bytes.fromhex(target.with_suffix(".salt").read_text(encoding="ascii"))
    except (OSError, ValueError):
        raise StoreError("rounds.cannot_read", where=file) from None
    if files.hash_bytes(salt + content) != ref:
        raise StoreError("rounds.content_changed", where=file)
    return content


def find_document(path: Path, entries: Mapping[str, Mapping[str, object]], content: bytes) -> str:
    """Return the reference under which a store keeps a document already, or nothing."""
    plain = files.hash_bytes(content)
    for ref, entry in entries.items():
        if not entry.get("salted"):
            if ref == plain:
                return ref
        elif entry["bytes"] == len(content):
            with suppress(StoreError):
                if read_salted(path, str(entry["file"]), ref) == content:
                    return ref
    return ""


class KeptTexts:
    """The free texts of a store, by reference.

    Parameters
    ----------
    path
        The folder of the store.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path / "texts"
        self._files: dict[str, dict[str, list[str]]] = {}
        for file in sorted(self.folder.glob("*.json")):
            with suppress(OSError, ValueError):
                self._files[file.name] = json.loads(file.read_text(encoding="utf-8"))
        self._texts = {ref: pair[1] for held in self._files.values() for ref, pair in held.items()}
        self._refs = {text: ref for ref, text in self._texts.items()}
        self._new: dict[str, list[str]] = {}

    def read(self, ref: str) -> str:
        """Return a text; `ERASED` where it is not there any more."""
        return self._texts.get(ref, ERASED)

    def is_whole(self, ref: str) -> bool:
        """Return whether a text is there and is what its reference says."""
        for held in self._files.values():
            if ref in held:
                salt, text = held[ref]
                return files.hash_bytes(bytes.fromhex(salt) + text.encode("utf-8")) == ref
        return False

    def find(self, part: str) -> list[str]:
        """Return the references of all texts that hold `part`, whatever the case."""
        return sorted(ref for ref, text in self._texts.items() if part.lower() in text.lower())

    def refer(self, text: str) -> str:
        """Return the reference of a text; a new one is written by `save`."""
        if text not in self._refs:
            salt = secrets.token_bytes(_SALT_BYTES)
            ref = files.hash_bytes(salt + text.encode("utf-8"))
            self._new[ref] = [salt.hex(), text]
            self._refs[text], self._texts[ref] = ref, text
        return self._refs[text]

    def save(self, aside: Path) -> None:
        """Write the texts referred to since the last time, as one new file."""
        if self._new:
            self.folder.mkdir(exist_ok=True)
            name = f"{secrets.token_hex(16)}.json"
            files.create_file(self.folder / name, _encode(self._new), aside=aside)
            self._files[name], self._new = self._new, {}

    def forget(self, refs: Iterable[str]) -> None:
        """Read texts no more that were erased, though they may still lie in their files."""
        for ref in refs:
            self._refs.pop(self._texts.pop(ref, ""), None)

    def erase(self, refs: Iterable[str]) -> None:
        """Take texts and their salts out of their files."""
        gone = set(refs)
        for name, held in self._files.items():
            if gone & held.keys():
                kept = {ref: pair for ref, pair in held.items() if ref not in gone}
                files.write_file(self.folder / name, _encode(kept))
                self._files[name] = kept
        self.forget(gone)

    def __contains__(self, ref: str) -> bool:
        return any(ref in held for held in self._files.values())

    @property
    def names(self) -> list[str]:
        """Files the texts lie in."""
        return [f"texts/{name}" for name in self._files]


def _encode(held: Mapping[str, list[str]]) -> str:
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"
