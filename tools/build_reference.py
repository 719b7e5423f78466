"""Write docs/reference.md: the public names, what they take and what comes back.

python tools/build_reference.py           write it
python tools/build_reference.py --check   exit 1 when it is not what the code says
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"
INTRO = """# Reference

The names below are what `import socaccess as sa` gives; everything they say in detail stands in
their docstrings (`help(sa.travel_times)`). `python tools/build_reference.py` writes this page.
"""


def tell_first(text: str | None) -> str:
    """Return the first paragraph of a docstring on one line."""
    return " ".join((inspect.cleandoc(text or "")).split("\n\n")[0].split())


def tell_signature(thing: object) -> str:
    """Return the parameters by name and default, without types."""
    try:
        signature = inspect.signature(thing)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "(...)"
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
        if parameter.name not in ("self", "cls")
    ]
    text = str(inspect.Signature(plain))
    # Defaults that print an address or a whole object say nothing.
    return re.sub(r"=<[^>]*>", "=...", text)


def tell_class(name: str, kind: type) -> list[str]:
    """Return the lines of a class: what it is, and its public methods and properties."""
    lines = [f"## {name}", "", tell_first(kind.__doc__), ""]
    for member, value in sorted(inspect.getmembers_static(kind)):
        if member.startswith("_") or kind.__module__.split(".")[0] != "socaccess":
            continue
        inner = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if inspect.isfunction(inner):
            lines.append(f"- `.{member}{tell_signature(inner)}`: {tell_first(inner.__doc__)}")
        elif isinstance(value, property) or type(value).__name__ == "cached_property":
            lines.append(f"- `.{member}`: {tell_first(value.__doc__)}")
    return [*lines, ""]


def describe_module(name: str, module: ModuleType) -> list[str]:
    """Return the lines of a module: what it is, and what it gives."""
    lines = [f"## {name}", "", tell_first(module.__doc__), ""]
    for member in sorted(module.__all__, key=str.lower):
        thing = getattr(module, member)
        if callable(thing):
            called = "" if isinstance(thing, type) else tell_signature(thing)
            lines.append(f"- `.{member}{called}`: {tell_first(thing.__doc__)}")
    return [*lines, ""]


def build() -> str:
    """Return the page."""
    import socaccess

    lines = [INTRO]
    for name in sorted(socaccess.__all__, key=str.lower):
        thing = getattr(socaccess, name)
        if isinstance(thing, type):
            lines += tell_class(name, thing)
        elif inspect.ismodule(thing):
            lines += describe_module(name, thing)
        else:
            lines += [f"## {name}", "", f"`{name}{tell_signature(thing)}`", ""]
            lines += [tell_first(thing.__doc__), ""]
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write or compare."""
    page = build()
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == page
        print(
            "docs/reference.md: up to date"
            if same
            else "docs/reference.md: run python tools/build_reference.py"
        )
        return 0 if same else 1
    PAGE.write_text(page, encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
