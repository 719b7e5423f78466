"""Help, usage errors and language of the commands: in Latvian and English, exit code 2."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from socaccess.cli.app import app
from socaccess.cli.speech import help_keys, walk_commands
from socaccess.i18n import Texts

ENGLISH = re.compile(
    r"\b(the|is|not|of|and|or|with|usage|options|commands|arguments|show|write|file|required|"
    r"default|missing|error|no such|try|value|number)\b",
    re.IGNORECASE,
)


def call(*words: str):
    return CliRunner().invoke(app, list(words))


def list_options():
    for path, command in walk_commands(typer.main.get_command(app)):
        yield path, None
        yield from ((path, param) for param in command.params)


def test_every_command_and_option_has_its_help_and_no_help_is_left_over():
    known = {f"help.{key}" for key in Texts("lv").raw("help.")}
    used = set()
    for path, param in list_options():
        if param is not None and param.name == "help":
            continue
        found = next((key for key in help_keys(path, param) if key in known), None)
        assert found, (path, getattr(param, "name", ""))
        used.add(found)
    names = {p.name for _, p in list_options() if p and p.param_type_name == "argument"}
    assert known - used == {f"help.metavar.{name}" for name in names}


@pytest.mark.parametrize(
    "words", [path.split("_") for path, _ in walk_commands(typer.main.get_command(app))
              if path.count("_") == 0]
)  # fmt: skip
def test_help_is_latvian_where_asked(words):
    result = call(*[word for word in words if word], "--help")
    assert result.exit_code == 0
    # Codes a user types stay as they are typed.
    plain = re.sub(r"--[\w-]+|\b\w+_\w+\b|[A-Z]\w*=\S+", "", result.output)
    assert ENGLISH.findall(plain) == []


def test_help_is_english_where_asked():
    result = CliRunner().invoke(app, ["site", "--help"], env={"SOCACCESS_LANG": "en"})
    assert result.output.startswith("Usage: socaccess site [OPTIONS] REGION")
    assert "  --why" in result.output and "Give the reasons for each site." in result.output


@pytest.mark.parametrize(
    ("words", "lv", "en"),
    [
        (["sitee"], "komandas „sitee” nav; vai domājāt kādu no: site", "no command 'sitee'"),
        (["check"], "PAŠVALDĪBA: nav norādīts", "MUNICIPALITY: is missing"),
        (["site", "latgale", "--servic", "x"], "opcijas --servic nav; vai domājāt --service?",
         "no option --servic; did you mean --service?"),
        (["check", "Ludza", "--min-share", "3"], "--min-share: vērtībai jābūt skaitlim no 0 līdz 1",
         "--min-share: value must be a number from 0 to 1"),
        (["site", "latgale", "--service", "x", "--sites", "two"],
         "--sites: vērtībai jābūt skaitlim, ne mazākam par 1",
         "--sites: value must be a number of at least 1"),
        (["run", "latgale", "--view", "now"], "--view: tādas izvēles nav; izvēlieties: plan, today",
         "--view: value is none of the choices; use plan, today"),
        (["check", "Ludzas", "novads"], "komandā ir lieki vārdi", "too many words"),
        (["site", "latgale", "--service"], "--service: nav norādīta vērtība",
         "--service: needs a value"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_sentence_of_the_language(words, lv, en):
    for lang, sentence in (("lv", lv), ("en", en)):
        result = CliRunner().invoke(app, words, env={"SOCACCESS_LANG": lang})
        assert result.exit_code == 2
        assert result.output.splitlines()[0].startswith(f"socaccess: {sentence}")


def test_language_asked_is_the_language_of_usage_errors():
    assert call("check", "--lang", "en").output.startswith("socaccess: MUNICIPALITY: is missing")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["plan", "--help"]])
def test_help_and_version_wait_for_no_table_library(words):
    code = (
        "import sys; sys.argv = ['socaccess', *sys.argv[1:]]\n"
        "from socaccess.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'geopandas', 'scipy', 'numba'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_command_of_a_region_takes_a_project_and_limits_mean_one_thing():
    options: dict[str, set[str]] = {}
    for path, param in list_options():
        if param is not None:
            options.setdefault(path, set()).add(param.name)
    asking = {path for path, names in options.items() if names & {"region", "municipality"}}
    # One reads the plans' published figures, one begins a file of its own.
    asking -= {"plan_need", "programme_init"}
    assert len(asking) > 15
    assert {
        path for path in asking if not {"project", "limit", "network"} <= options[path]
    } == set()
    # Each is a list of `30` and `dac_grt=20`, for all services or for one.
    limits = [param for _, param in list_options() if param and "--limit" in param.opts]
    assert len(limits) > 15 and all(param.multiple for param in limits)
