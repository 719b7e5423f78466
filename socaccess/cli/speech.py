"""Help, usage errors and default language of the commands, in the words of the catalogues.

A command's help stands in `help.json` under its path (`plan_budget`), an option's under
`plan_budget.years`, or under `option.years` where it means the same in every command.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from socaccess.errors import Problem
from socaccess.i18n import Texts, choose_language
from socaccess.messages import Message, is_code

__all__ = ["EXIT_USAGE", "Misuse", "SpeakingApp", "find_option", "help_keys", "walk_commands"]

EXIT_USAGE, EXIT_STOPPED = 2, 130
PROGRAM = "socaccess"
# How values of each type of option are called.
_METAVARS: dict[type, str] = {int: "number", float: "number", Path: "path"}


@dataclass(frozen=True)
class Kind:
    """What an option takes: its type, and the least and the most of a number."""

    type: type
    low: float | None = None
    high: float | None = None

    @property
    def choices(self) -> list[str]:
        """Values there are, where they are few."""
        return [str(one.value) for one in self.type] if issubclass(self.type, Enum) else []


class Misuse(typer.BadParameter):
    """A command line that cannot be meant: exit 2, one sentence of the catalogue.

    Parameters
    ----------
    code
        Code of the sentence.
    option
        The option or argument it is about, as it is typed.
    """

    def __init__(self, code: str, option: str = "", **values: Any) -> None:
        self.problem = Problem(code, option, **values)
        super().__init__(str(self.problem))


class SpeakingCommand(TyperCommand):
    """A command that explains itself in the language of its user."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the command."""
        _write_help(self, ctx, formatter)


class SpeakingGroup(TyperGroup):
    """A group of commands that speaks the language asked, else that of the environment."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the group."""
        _write_help(self, ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is meant; name the nearest where there is none."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            # Not above: tables need pandas, and help and version need no tables.
            from socaccess.schemas.names import suggest_names

            near = suggest_names(args[0], list(self.commands))
            raise Misuse("cli.no_command", name=args[0], near=near or list(self.commands))
        return super().resolve_command(ctx, args)

    def main(  # the signature is the library's
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,  # noqa: ARG002
        complete_var: str | None = None,  # noqa: ARG002
        standalone_mode: bool = True,
        windows_expand_args: bool = True,  # noqa: ARG002
        **extra: Any,
    ) -> Any:
        """Run the command line in its user's language."""
        words = sys.argv[1:] if args is None else list(args)
        lang = choose_language(find_option(words, "--lang"))
        extra |= {"obj": Texts(lang), "default_map": _give_language(self, lang)}
        try:
            code = super().main(words, PROGRAM, standalone_mode=False, **extra)
        except Exception as error:
            if not standalone_mode or not hasattr(error, "format_message"):
                raise
            _show_misuse(error, lang)
            sys.exit(EXIT_USAGE)
        if code == EXIT_STOPPED:
            typer.echo(f"{PROGRAM}: {Message('cli.stopped').text(lang)}", err=True)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


class SpeakingApp(typer.Typer):
    """A group of commands whose help and errors speak; see `SpeakingGroup`."""

    def __init__(self, **options: Any) -> None:
        options = {"no_args_is_help": True, "add_completion": False,
                   "pretty_exceptions_enable": False} | options  # fmt: skip
        super().__init__(cls=SpeakingGroup, **options)

    def command(self, name: str | None = None, **options: Any) -> Any:
        """Register a command; as `typer.Typer.command`."""
        return super().command(name, cls=SpeakingCommand, **options)


def find_option(words: Sequence[str], name: str) -> str | None:
    """Return the value of an option before the words are parsed, where it is given.

    Examples
    --------
    >>> find_option(["run", "latgale", "--lang", "en"], "--lang")
    'en'
    """
    for number, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and number + 1 < len(words):
            return words[number + 1]
    return None


def walk_commands(command: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command below and including one, with its path (`plan_budget`)."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        word = name.replace("-", "_")
        yield from walk_commands(inner, f"{path}_{word}" if path else word)


def help_keys(path: str, param: Any | None = None) -> tuple[str, ...]:
    """Return the keys of a command's or an option's help, the first that exists is meant."""
    if param is None:
        return (f"help.{path or PROGRAM}",)
    kind = param.param_type_name
    return f"help.{path or PROGRAM}.{param.name}", f"help.{kind}.{param.name}"


def _give_language(command: Any, lang: str) -> dict[str, Any]:
    """Return the defaults of every command's options: the language."""
    inner = getattr(command, "commands", {})
    return {"lang": lang, **{name: _give_language(one, lang) for name, one in inner.items()}}


def _find_help(texts: Texts, keys: tuple[str, ...]) -> str:
    known = set(texts.keys())
    return next((texts(key) for key in keys if key in known), "")


def _path_of(ctx: Any) -> str:
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, str(ctx.info_name).replace("-", "_"))
        ctx = ctx.parent
    return "_".join(names)


def _write_help(command: Any, ctx: Any, formatter: Any) -> None:
    texts: Texts = ctx.find_root().obj or Texts(choose_language())
    path = _path_of(ctx)
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    commands = getattr(command, "commands", {})
    pieces = [texts("cli.options_metavar")]
    pieces += [
        _name_argument(p, texts) if p.required else f"[{_name_argument(p, texts)}]"
        for p in arguments
    ]
    pieces += [texts("cli.command_metavar")] if commands else []
    formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=f"{texts('cli.usage')}: ")
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(_find_help(texts, help_keys(path)))
    rows = {
        "cli.arguments": [
            (_name_argument(p, texts), _find_help(texts, help_keys(path, p))) for p in arguments
        ],
        "cli.options": [
            *((_name_option(command, p, texts), _describe(p, path, texts)) for p in options),
            ("--help", texts("cli.show_help")),
        ],
        "cli.commands": [
            (name, _find_help(texts, help_keys("_".join(filter(None, (path, _word(name)))))))
            for name in commands
        ],
    }
    for heading, lines in rows.items():
        if lines:
            with formatter.section(texts(heading)):
                formatter.write_dl(lines)


def _word(name: str) -> str:
    return name.replace("-", "_")


def _name_argument(param: Any, texts: Texts) -> str:
    key = f"help.metavar.{param.name}"
    name = texts(key) if key in set(texts.keys()) else str(param.name).upper()
    return f"{name}..." if param.nargs == -1 else name


def _name_option(command: Any, param: Any, texts: Texts) -> str:
    names = ", ".join([*param.opts, *param.secondary_opts])
    if param.is_flag:
        return names
    kind = _find_kind(command, param)
    choices = "|".join(kind.choices)
    word = _METAVARS.get(kind.type, "text")
    return f"{names} [{choices}]" if choices else f"{names} {texts(f'cli.metavar_{word}')}"


def _describe(param: Any, path: str, texts: Texts) -> str:
    text = _find_help(texts, help_keys(path, param))
    if param.required:
        return f"{text} [{texts('cli.required')}]"
    default = param.default
    shown = default is not None and not callable(default) and default != "" and not param.is_flag
    if not shown or param.name == "lang":
        return text
    return f"{text} [{texts('cli.default', value=getattr(default, 'value', default))}]"


def _find_kind(command: Any, param: Any) -> Kind:
    """Return what an option takes, as the function of its command says."""
    function = inspect.unwrap(command.callback) if command.callback else None
    signature = inspect.signature(function, eval_str=True).parameters if function else {}
    if param.name not in signature:
        return Kind(str)
    annotation = signature[param.name].annotation
    given = [info for info in getattr(annotation, "__metadata__", ()) if hasattr(info, "min")]
    plain = getattr(annotation, "__origin__", annotation) if given else annotation
    while get_args(plain):
        plain = next(one for one in get_args(plain) if one is not type(None))
    if not isinstance(plain, type):
        return Kind(str)
    return Kind(plain, *((given[0].min, given[0].max) if given else ()))


def _show_misuse(error: Any, lang: str) -> None:
    ctx = getattr(error, "ctx", None)
    if ctx is not None and type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(ctx.get_help(), err=True)
        return
    typer.echo(f"{PROGRAM}: {_explain(error, Texts(lang)).text(lang)}", err=True)
    if ctx is not None:
        line = Message("cli.see_help", command=f"{ctx.command_path} --help").text(lang)
        typer.echo(f"{PROGRAM}: {line}", err=True)


def _explain(error: Any, texts: Texts) -> Problem:
    """Return the finding about a command line that the parser refused."""
    if isinstance(error, Misuse):
        return error.problem
    kind, param = type(error).__name__, getattr(error, "param", None)
    where = _name_param(param, texts) if param is not None else ""
    if kind == "NoSuchOption":
        near = list(getattr(error, "possibilities", None) or ())
        if near:
            return Problem("cli.no_option_near", name=error.option_name, near=near)
        return Problem("cli.no_option", name=error.option_name)
    if kind == "MissingParameter":
        return Problem("cli.missing", where)
    if kind == "BadOptionUsage":
        return Problem("cli.needs_value", error.option_name)
    if kind != "BadParameter":
        return Problem("cli.too_many_words")
    if is_code(str(error.message)):
        return Problem(str(error.message), where or str(error.param_hint or ""))
    if param is None:
        return Problem("cli.unusable", str(error.param_hint or ""))
    asked = _find_kind(error.ctx.command, param)
    if asked.choices:
        return Problem("cli.not_a_choice", where, choices=asked.choices)
    if asked.low is not None and asked.high is not None:
        return Problem("cli.not_between", where, low=asked.low, high=asked.high)
    if asked.low is not None:
        return Problem("cli.not_at_least", where, low=asked.low)
    if asked.type in (int, float):
        return Problem("cli.not_a_number", where)
    return Problem("cli.unusable", where)


def _name_param(param: Any, texts: Texts) -> str:
    if param.param_type_name == "argument":
        return _name_argument(param, texts)
    return str(max(param.opts, key=len))
