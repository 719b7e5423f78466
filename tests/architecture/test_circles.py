"""No module imports itself over others: at the top, inside a function or for types alone."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "socaccess"


def list_imports() -> dict[str, set[str]]:
    """Every module of the package, with the modules it imports anywhere."""
    files = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"):
        path
        for path in PACKAGE.rglob("*.py")
    }  # fmt: skip
    graph: dict[str, set[str]] = {name: set() for name in files}
    for name, path in files.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found: list[str] = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                inner = [f"{base}.{alias.name}" for alias in node.names]
                found = [one if one in files else base for one in inner]
            graph[name] |= {one for one in found if one in files and one != name}
    return graph


def test_no_module_imports_itself_over_others():
    graph = list_imports()
    assert len(graph) > 200
    assert "socaccess.study.run" in graph["socaccess.study.study"]  # inside a method
    assert "socaccess.study.inputs" in graph["socaccess.study.reach"]  # for types alone
    circle: list[str] = []
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1]
    assert circle == []
