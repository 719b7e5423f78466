"""The house itself: floors, light imports, equal catalogues, one list of dependencies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HEAVY = ("folium", "matplotlib", "osmnx", "networkx", "numba", "highspy", "openpyxl",
         "xlsxwriter", "osmium", "playwright")  # fmt: skip


def test_floors_know_only_those_below():
    done = subprocess.run(
        [sys.executable, "-c",
         "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    "module",
    ["socaccess", "socaccess.study", "socaccess.network", "socaccess.siting", "socaccess.maps"],
)
def test_imports_are_light(module):
    code = f"import {module}, sys; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not set(HEAVY) & set(done.stdout.split())


@pytest.mark.parametrize("module", ["socaccess", "socaccess.cli.app"])
def test_the_package_and_its_commands_import_next_to_nothing(module):
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"numpy", "pandas", "geopandas", "scipy", "shapely"} & set(done.stdout.split())


def test_every_public_name_is_where_the_package_says():
    import socaccess

    assert set(socaccess.__all__) == {*socaccess._HOME, "access", "planning"}
    missing = []
    for name in socaccess.__all__:
        try:
            getattr(socaccess, name)
        except (AttributeError, ImportError) as error:
            missing.append(f"{name}: {error}")
    assert not missing
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        socaccess.nonsense  # noqa: B018


# ---- two languages --------------------------------------------------------------------------


def read_catalogue(lang: str) -> dict[str, object]:
    folder = ROOT / "socaccess" / "locale" / lang
    return {
        f"{file.name}: {key}": text
        for file in sorted(folder.glob("*.json"))
        if file.name != "errors.json"  # tests/ground/test_messages.py
        for key, text in json.loads(file.read_text(encoding="utf-8")).items()
    }


def find_placeholders(text: object) -> set[str]:
    texts = text.values() if isinstance(text, dict) else [text]
    return {name for part in texts for name in re.findall(r"\{(\w*)[^{}]*\}", str(part))}


def test_both_catalogues_say_the_same():
    lv, en = read_catalogue("lv"), read_catalogue("en")
    assert set(lv) == set(en)
    for key in lv:
        assert isinstance(lv[key], dict) == isinstance(en[key], dict), key
        assert find_placeholders(lv[key]) == find_placeholders(en[key]), key


def test_plural_forms_are_those_of_the_language():
    counted = 0
    for lang, categories in (("lv", {"zero", "one", "other"}), ("en", {"one", "other"})):
        for key, text in read_catalogue(lang).items():
            if isinstance(text, dict):
                assert set(text) == categories, f"{lang} {key}"
                # "No site", "one site" may do without the number.
                others = {frozenset(find_placeholders(form) - {"n"}) for form in text.values()}
                assert len(others) == 1, f"{lang} {key}"
                counted += 1
    assert counted > 0


def test_no_text_is_left_empty_or_with_an_open_placeholder():
    for lang in ("lv", "en"):
        for key, text in read_catalogue(lang).items():
            for form in text.values() if isinstance(text, dict) else [text]:
                assert isinstance(form, str) and form.strip(), f"{lang} {key}"
                assert form.count("{") == form.count("}"), f"{lang} {key}"


# ---- what is in the tree --------------------------------------------------------------------


def list_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git repository: an installed copy has no tree to look at")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


# Put together from parts, so that this file does not find itself.
REGISTRIES = ["files.python" + "hosted", "registry." + "npmjs", "registry." + "yarnpkg",
              "proxy." + "golang", "repo.ana" + "conda", "conda." + "anaconda",
              "crates.io" + "/api", "cdn.js" + "delivr", "un" + "pkg.com",
              "cdn" + "js.cloudflare", "pypi.org" + "/simple"]  # fmt: skip
MACHINE = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "/Us" + "ers/", "C:" + "\\Users"]
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".json", ".sh", ".csv", ".geojson", ".ipynb",
        ".cfg", ".ini", ".txt", ".j2", ".css", ".js", ".html", ".lock", ""}  # fmt: skip


def find_words(
    words: list[str], *, skip: tuple[str, ...] = (), addresses: bool = True
) -> list[str]:
    """Return where the words stand; a source's web address may be left out of account."""
    found = []
    for file in list_files():
        name = file.relative_to(ROOT).as_posix()
        if file.suffix not in TEXT or name.startswith(skip):
            continue
        text = file.read_text(encoding="utf-8", errors="ignore")
        if not addresses:
            text = re.sub(r"https?://[^\s\"'|,]+", "", text)
        found += [f"{name}: {word}" for word in words if word in text]
    return found


def test_no_host_of_a_package_registry_in_the_tree():
    # Code of others stands as it came.
    assert not find_words(REGISTRIES, skip=("tests/vendor/", "socaccess/maps/assets/leaflet"))


def test_no_path_of_a_machine_in_the_tree():
    vendored = ("tests/vendor/", "socaccess/maps/assets/leaflet")
    assert not find_words(MACHINE, skip=vendored, addresses=False)


def test_what_lies_beside_the_project_is_named_in_marked_tests_only():
    beside = ".." + "/shared"
    for name in find_words([beside]):
        assert name.startswith("tests/"), name
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if re.search(r"def test_\w+\([^)]*\bshared\b", text):
            assert "mark.shared" in text, file.name


def test_the_library_prints_nothing():
    # Comes with ruff (T20) too; here without a way to switch it off.
    printing = [
        file.relative_to(ROOT).as_posix()
        for file in sorted((ROOT / "socaccess").rglob("*.py"))
        if "cli" not in file.parts
        and re.search(r"^\s*print\(", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not printing


def test_modules_are_small():
    long = {
        file.relative_to(ROOT).as_posix(): lines
        for file in sorted((ROOT / "socaccess").rglob("*.py"))
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > 550
    }
    assert not long


# ---- dependencies ---------------------------------------------------------------------------


def read_bounds(requirements: list[str]) -> dict[str, str]:
    """Return name -> lower bound of requirements such as `numpy>=1.26`."""
    bounds = {}
    for requirement in requirements:
        name, _, bound = requirement.partition(";")[0].partition(">=")
        assert re.fullmatch(r"[\w.-]+", name.strip()), requirement
        assert re.fullmatch(r"[\d.]+(,<[\d.]+)?", bound.strip()), requirement
        bounds[name.strip().lower().replace("_", "-")] = bound.strip()
    return bounds


def read_environment(text: str) -> dict[str, str]:
    """Return name -> lower bound of every dependency in environment.yml, pip's too."""
    entries = re.findall(r"^\s*-\s+([^\s#:].*?)\s*$", text.split("dependencies:")[1], re.MULTILINE)
    wanted = [e for e in entries if e not in ("pip", "pip:") and not e.startswith("-e ")]
    return read_bounds(wanted)


def test_the_conda_environment_mirrors_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = read_bounds(project["dependencies"])
    for extra in ("osmnx", "dask", "notebooks", "tours", "dev"):
        wanted |= read_bounds(project["optional-dependencies"][extra])
    wanted["python"] = project["requires-python"].removeprefix(">=")
    given = read_environment((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert given == wanted


def test_every_library_imported_is_a_dependency():
    """What the package imports stands in pyproject.toml, or is of Python itself."""
    import ast

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = set(read_bounds(project["dependencies"]))
    for extra in ("osmnx", "dask", "notebooks", "tours"):
        stated |= set(read_bounds(project["optional-dependencies"][extra]))
    imported = set()
    for file in sorted((ROOT / "socaccess").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = {
        name for name in imported if name not in sys.stdlib_module_names and name != "socaccess"
    }
    # markupsafe is a part of jinja2 under a name of its own.
    aliases = {"docx": "python-docx", "IPython": "ipython", "markupsafe": "jinja2"}
    assert {aliases.get(name, name).lower().replace("_", "-") for name in foreign} <= stated


# ---- the tests themselves -------------------------------------------------------------------


def test_tests_cannot_reach_the_network():
    import socket

    with pytest.raises(RuntimeError, match="tried to reach"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(RuntimeError, match="tried to reach"):
        socket.getaddrinfo("example.org", 443)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        socket.create_connection(server.getsockname(), timeout=1).close()


def test_no_answer_of_a_plan_bears_the_name_of_a_module_beside_it():
    """Importing the module would put it in the place of the function."""
    from socaccess import planning

    modules = {path.stem for path in Path(planning.__file__).parent.glob("*.py")}
    # `planning.programme` is a module for whoever asks for it, and no function.
    assert set(planning.__all__) & modules == set()
