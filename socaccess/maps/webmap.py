"""The map that is handed over: one HTML file that asks nothing of any network."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from socaccess.files import write_file
from socaccess.i18n import Texts
from socaccess.maps.access import build_access
from socaccess.maps.encode import pack
from socaccess.maps.headline import build_blocks, build_finding
from socaccess.maps.payload import SCENARIOS, build_payload
from socaccess.maps.words import find_figures, name_code
from socaccess.study.colours import BANDS, CLASSES, DARK, DIFFERENCES, LIGHT, STATUS
from socaccess.study.release import Release, release

if TYPE_CHECKING:
    from collections.abc import Iterable

    from socaccess.study import Study, StudyResult

__all__ = ["EmbeddedMap", "embed_map", "render_map", "save_map"]

# Before anything is laid out: only the first page of the panel is, where scripts run at all.
_BEGIN = 'document.documentElement.className = "starting";'
PAPERS = ("a4-landscape", "a4-portrait", "a3-landscape", "a3-portrait")
_SCRIPTS = (
    "decode.js", "state.js", "symbols.js", "labels.js", "choices.js", "cards.js", "panel.js",
    "municipality.js", "sheet.js",
    "tabs.js", "search.js", "print.js", "view.js", "layers.js", "marks.js",
    "whatif.js", "scenario.js", "zones.js", "pins.js", "whatifpage.js", "legend.js", "selection.js",
    "pointer.js", "address.js", "map.js",
)  # fmt: skip


def save_map(
    result: StudyResult | Release,
    path: str | Path,
    *,
    lang: str = "lv",
    title: str | None = None,
    services: Iterable[str] | None = None,
    allow_small_counts: bool = False,
) -> Path:
    """Write the interactive map of `result` to one HTML file and return its path.

    The file opens from disk, in a mail attachment or in an `<iframe>`, makes no
    request, and is the same byte for byte for the same result. It appears whole
    or not at all. It shows what the other files of a run show: the result is released
    first (`docs/privacy.md`), so no number on it depends on a hidden count.

    Parameters
    ----------
    result
        What `Study.run` returns, or its release.
    path
        Where to write; its folder must exist.
    lang
        `lv` or `en`.
    title
        Heading of the map; by default the study's title.
    services
        Only these services; by default all that were computed.
    allow_small_counts
        Show counts of persons under the study's threshold, and say so in the map. A
        release has decided that already.

    Raises
    ------
    UnknownNameError
        If `lang` or one of `services` is not known.
    InputError
        If a layer has no coordinate reference system or there is nothing to draw.
    OutputError
        If the file cannot be written.

    Examples
    --------
    >>> save_map(result, "latgale.html", lang="en")  # doctest: +SKIP
    PosixPath('latgale.html')
    """
    page = render_map(
        result,
        lang=lang,
        title=title,
        services=services,
        allow_small_counts=allow_small_counts,
    )
    return write_file(path, page)


def render_map(
    result: StudyResult | Release,
    *,
    lang: str = "lv",
    title: str | None = None,
    services: Iterable[str] | None = None,
    allow_small_counts: bool = False,
) -> str:
    """Return the page that `save_map` writes."""
    services = (
        None if services is None else [services] if isinstance(services, str) else [*services]
    )
    released = release(result, allow_small_counts=allow_small_counts)
    payload = build_payload(released, lang=lang, services=services)
    return render_payload(released, payload, lang=lang, title=title)


def render_payload(
    released: Release, payload: dict[str, Any], *, lang: str, title: str | None = None
) -> str:
    """Return the page of a map whose data `build_payload` has made."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    texts = Texts(lang)
    shown = released.result
    style, script = _style(), _script()
    leaflet = _leaflet()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_read_asset("template.html.j2"))
    return template.render(
        lang=lang,
        title=title if title is not None else shown.study.title[lang],
        facts=_list_facts(shown.study, texts),
        t=lambda key, **values: texts(f"map.{key}", **values),
        name=lambda family, code: name_code(texts, family, code),
        figures=find_figures,
        version=_version(),
        allow_small_counts=released.warns,
        finding=build_finding(released, texts, payload),
        many=lambda key, n: texts.count(f"map.{key}", n),
        caveats=[
            *shown.summary.get("caveats", {}).get(lang, []),
            *_own_caveats(texts, released.below),
        ],
        blocks=build_blocks(released, texts, payload),
        access=build_access(released, texts, payload),
        scenarios=[name for name in SCENARIOS if name in payload["scenarios"]],
        has_whatif=payload["whatif"] is not None,
        has_guessed=any(row.get("guessed") for row in payload["services"]),
        papers=PAPERS,
        attribution=[*_tidy(shown.study.attribution.get(lang, [])), texts("map.leaflet")],
        # These are our own files and base64: the only texts that enter unescaped.
        style=Markup(style),  # noqa: S704
        begin=Markup(_BEGIN),  # noqa: S704
        leaflet=Markup(leaflet),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(pack(payload)),  # noqa: S704
        policy=_policy(style, _BEGIN, leaflet, script),
    )


def _list_facts(study: Study, texts: Texts) -> list[str]:
    """Return what a title says of its data: which borders, of which year, how old it is."""
    facts = []
    if study.borders_year is not None:
        key = "map.borders_plan" if study.view == "plan" else "map.borders"
        facts.append(texts(key, year=study.borders_year))
    facilities = study.facilities
    if "source_date" in facilities and facilities["source_date"].notna().any():
        day = pd.to_datetime(facilities["source_date"]).max().date()
        facts.append(texts("map.facilities_on", date=texts.date(day)))
    return [*facts, texts("map.data_dates", dates=str(study.data_dates).replace("-", "–"))]


class EmbeddedMap:
    """The page of a map inside another page or a notebook; it needs no network there either.

    Parameters
    ----------
    page
        What `render_map` returned.
    height
        Height in pixels.
    """

    def __init__(self, page: str, height: int) -> None:
        self.page = page
        self.height = height

    def _repr_html_(self) -> str:
        inner = html.escape(self.page, quote=True)
        return (
            f'<iframe srcdoc="{inner}" style="width:100%;height:{self.height}px;border:0" '
            'loading="lazy" title="socaccess"></iframe>'
        )


def embed_map(
    result: StudyResult | Release,
    *,
    lang: str = "lv",
    services: Iterable[str] | None = None,
    height: int = 700,
    allow_small_counts: bool = False,
) -> EmbeddedMap:
    """Return the map of `save_map` for a notebook, where it shows itself.

    Unlike `explore` it goes along when the notebook is exported, and opens without a
    network. Parameters are those of `save_map`; `height` is in pixels.

    Examples
    --------
    >>> embed_map(result, lang="en")  # doctest: +SKIP
    """
    page = render_map(result, lang=lang, services=services, allow_small_counts=allow_small_counts)
    return EmbeddedMap(page, height)


def _own_caveats(texts: Texts, below: int) -> list[str]:
    return [texts("map.caveat_small_counts", n=below)] if below > 0 else []


def _tidy(lines: Iterable[str]) -> list[str]:
    """Return attributions with each sentence once; packages repeat those they share."""
    seen: set[str] = set()
    tidy = []
    for line in lines:
        sentences = [part for part in re.split(r"(?<=\.)\s+(?=[^\W\d_])", line) if part]
        fresh = [part for part in dict.fromkeys(sentences) if part not in seen]
        seen.update(fresh)
        if fresh:
            tidy.append(" ".join(fresh))
    return tidy


def _policy(style: str, *scripts: str) -> str:
    """Return the content security policy: nothing from outside, only these texts run."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


@cache
def _read_asset(name: str) -> str:
    file = resources.files("socaccess.maps") / "assets"
    for part in name.split("/"):
        file = file / part
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _style() -> str:
    """Return Leaflet's style without the rules that point at pictures, then ours."""
    leaflet = re.sub(r"[^{}]*\{[^{}]*url\([^{}]*\}", "", _read_asset("vendor/leaflet.css"))

    # Bands of time, then what lies beyond them and what no road leads to.
    beyond = [(c.light, c.dark) for c in CLASSES[:1]]
    steps = [*BANDS, *beyond, (STATUS["gap"], STATUS["gap"])]

    def variables(colours: dict[str, str], number: int) -> str:
        declared = [f"--{name}:{value};" for name, value in colours.items()]
        declared += [f"--step{step}:{pair[number]};" for step, pair in enumerate(steps)]
        declared += [
            f"--step-within:{CLASSES[-2][2 + number]};",
            f"--step-outside:{CLASSES[0][2 + number]};",
        ]
        declared += [f"--difference{at}:{pair[number]};" for at, pair in enumerate(DIFFERENCES)]
        return "".join(declared) + f"--stroke:{colours['pattern']}8c;"

    # Dark is for screens: paper is white.
    themes = (
        f":root{{color-scheme:light;{variables(LIGHT, 0)}}}\n"
        "@media screen and (prefers-color-scheme: dark){"
        f":root{{color-scheme:dark;{variables(DARK, 1)}}}}}\n"
    )
    themes += "".join(
        f".fill.step{step}{{background:var(--step{step})}}\n" for step in range(len(steps))
    )
    return leaflet + themes + _read_asset("map.css")


def _script() -> str:
    parts = [_read_asset(f"js/{name}") for name in _SCRIPTS]
    body = "\n".join(["const METRES_PER_PIXEL = 4096;", *parts])
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def _leaflet() -> str:
    """Return Leaflet with its licence, which asks to go along, and no pointer to a source map."""
    licence = _read_asset("vendor/leaflet.LICENSE").replace("*/", "* /")
    script = re.sub(r"\n//# sourceMappingURL=.*", "", _read_asset("vendor/leaflet.js"))
    return f"/*\n{licence}*/\n{script}"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("socaccess")
    except PackageNotFoundError:
        return ""
