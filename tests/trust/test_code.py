"""The code itself: nothing in it executes what a file or a name says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "socaccess").rglob("*.py"))
MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve", "joblib", "torch",
           "yaml", "telnetlib", "pty"}  # fmt: skip
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {"read_pickle", "to_pickle", "read_hdf", "system", "popen", "extractall", "eval", "query"}


def list_findings(source: str) -> list[str]:
    """Return what in a module could run foreign code, unpack unasked or trust a pickle."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [item.name for item in node.names]
            if isinstance(node, ast.ImportFrom):
                names.append(node.module or "")
            found += [name for name in names if name.split(".")[0] in MODULES]
        if not isinstance(node, ast.Call):
            continue
        options = {item.arg: item.value for item in node.keywords}
        if isinstance(node.func, ast.Name) and node.func.id in CALLS:
            found.append(node.func.id)
        if isinstance(node.func, ast.Attribute):
            name, owner = node.func.attr, node.func.value
            if name in METHODS and not _is_harmless(name, node):
                found.append(name)
            if name == "load" and isinstance(owner, ast.Name) and owner.id in ("np", "numpy"):
                allowed = options.get("allow_pickle")
                if not (isinstance(allowed, ast.Constant) and allowed.value is False):
                    found.append("np.load without allow_pickle=False")
        shell = options.get("shell")
        if isinstance(shell, ast.Constant) and shell.value:
            found.append("shell=True")
    return found


def _is_harmless(name: str, call: ast.Call) -> bool:
    """Only a question put together from texts can hold what came from outside."""
    built = (ast.JoinedStr, ast.BinOp, ast.Call)
    of_text = call.args and isinstance(call.args[0], built) and name == "query"
    # A tree of geometries is asked for what is near a geometry.
    numbers = of_text and ast.unparse(call.args[0]).startswith(("np.", "shapely."))
    return name == "query" and (not of_text or bool(numbers))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_runs_what_it_reads(path):
    assert list_findings(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "import numpy as np\nnp.load('a')",
        "import numpy as np\nnp.load('a', allow_pickle=True)",
        "import os\nos.system('a')",
        "frame.query(f'a == {b}')",
        "archive.extractall()",
        "subprocess.run('a', shell=True)",
    ],
)
def test_the_check_sees_what_it_should(source):
    assert list_findings(source)
