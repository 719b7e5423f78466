"""Fetch the web libraries that the project carries, and check them against their hashes.

`python tools/vendor_leaflet.py` rewrites the vendored files with `npm pack`;
`--check` only compares what lies there with `VENDORED.json`.

Leaflet (BSD-2-Clause) goes into every exported map; axe-core (MPL-2.0) is used by
the browser tests alone and is not part of the wheel.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LIBRARIES = (
    {
        "name": "leaflet",
        "version": "1.9.4",
        "licence": "BSD-2-Clause",
        "homepage": "https://leafletjs.com/",
        "integrity": "sha512-nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL"
        "+YR3XnWyZAxwQixURb+FA74PA==",
        "folder": "socaccess/maps/assets/vendor",
        "files": {
            "leaflet.js": "dist/leaflet.js",
            "leaflet.css": "dist/leaflet.css",
            "leaflet.LICENSE": "LICENSE",
        },
    },
    {
        "name": "axe-core",
        "version": "4.14.1",
        "licence": "MPL-2.0",
        "homepage": "https://www.deque.com/axe/",
        "integrity": "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNt"
        "uFooJpZe37OgudVGtQ==",
        "folder": "tests/vendor",
        "files": {"axe.min.js": "axe.min.js", "axe.LICENSE": "LICENSE"},
    },
)


def record_path(library: dict) -> Path:
    """Return where the hashes of a library's files are kept."""
    folder = ROOT / library["folder"]
    return (folder.parent if folder.name == "vendor" and "assets" in folder.parts else folder) / (
        "VENDORED.json"
    )


def fetch(library: dict) -> None:
    """Download one library, check it against its published hash, write its files."""
    spec = f"{library['name']}@{library['version']}"
    with tempfile.TemporaryDirectory() as scratch:
        packed = subprocess.run(
            ["npm", "pack", spec, "--silent"], cwd=scratch, check=True, capture_output=True
        )
        archive = Path(scratch) / packed.stdout.decode().split()[-1]
        digest = (
            "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        )
        if digest != library["integrity"]:
            sys.exit(f"{spec}: hash is {digest}, expected {library['integrity']}")
        record = {key: library[key] for key in ("name", "version", "licence", "homepage")}
        record |= {"integrity": library["integrity"], "files": {}}
        folder = ROOT / library["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(archive) as tar:
            for target, member in library["files"].items():
                source = tar.extractfile(f"package/{member}")
                assert source is not None
                content = source.read()
                (folder / target).write_bytes(content)
                path = f"{folder.name}/{target}" if "assets" in folder.parts else target
                record["files"][path] = {
                    "source": member,
                    "bytes": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    record_path(library).write_text(text, encoding="utf-8")
    print(f"{spec}: {len(record['files'])} files in {library['folder']}")


def check(library: dict) -> list[str]:
    """Return what differs from the recorded hashes of one library."""
    path = record_path(library)
    record = json.loads(path.read_text(encoding="utf-8"))
    wrong = []
    for name, entry in record["files"].items():
        content = (path.parent / name).read_bytes()
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            wrong.append(f"{path.parent / name}: changed since it was vendored")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    if parser.parse_args().check:
        wrong = [line for library in LIBRARIES for line in check(library)]
        sys.exit("\n".join(wrong) or 0)
    for library in LIBRARIES:
        fetch(library)


if __name__ == "__main__":
    main()
