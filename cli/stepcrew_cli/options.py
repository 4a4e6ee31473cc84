"""Options that commands share, and what commands print to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer
from pydantic import JsonValue
from rich.console import Console
from rich.table import Table

from stepcrew_cli.answer import Answer, Model
from stepcrew_cli.errors import CliError, Exit, Rejected, ServerTrouble
from stepcrew_cli.profiles import stored_profiles
from stepcrew_cli.text import json_text, plain
from stepcrew_reader.errors import CrewFileError

PIPE_WIDTH = 120
"""Columns of tables where no terminal says its own."""


def complete_profile(incomplete: str) -> list[str]:
    """The names of profiles that begin so, for the completion of the shell."""
    return [name for name in stored_profiles().names() if name.startswith(incomplete)]


Url = Annotated[
    str | None,
    typer.Option(
        "--url", envvar="STEPCREW_URL", help="Address of the server. Default: the profile's, else the local stack's."
    ),
]
Token = Annotated[
    str | None,
    typer.Option("--token", envvar="STEPCREW_TOKEN", help="Send this token instead of the profile's."),
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        envvar="STEPCREW_PROFILE",
        metavar="NAME",
        help="The profile to use, made by `stepcrew login`. Default: the one named default, if there is one.",
        autocompletion=complete_profile,
    ),
]
IdentityName = Annotated[
    str,
    typer.Option("--identity", envvar="STEPCREW_IDENTITY", help="Who to be on the local stack: ada, bob, mia or vera."),
]
Group = Annotated[
    str | None,
    typer.Option("--group", envvar="STEPCREW_GROUP", help="Work in this group of yours, not in your first one."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and everything else on stderr.")]
ExecutionId = Annotated[str, typer.Argument(metavar="ID", help="Execution id.")]
Limit = Annotated[int, typer.Option(min=1, max=100, help="How many to list.")]
Cursor = Annotated[str | None, typer.Option(help="The next page: what an earlier list printed as --cursor.")]

Watching = Annotated[
    bool, typer.Option("--watch", "-w", help="Show the execution live until it ends, then its result.")
]
TimeoutSeconds = Annotated[int | None, typer.Option(min=1, help="Seconds after which the execution is stopped.")]
MaxTokens = Annotated[int | None, typer.Option(min=1, help="Number of tokens the execution may use.")]
MaxCostUsd = Annotated[float | None, typer.Option(min=0, help="US dollars the execution may cost.")]
MaxModelCalls = Annotated[int | None, typer.Option(min=1, help="Number of model calls the execution may make.")]


def page(limit: int, cursor: str | None) -> dict[str, str]:
    """The parameters that ask the server for one page."""
    return {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})


class Output:
    """People read `console`; with --json it is stderr, and stdout carries JSON alone."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self.console = Console(stderr=as_json, highlight=False)
        if not self.console.is_terminal:
            self.console.width = PIPE_WIDTH
        self.notes = Console(stderr=True, highlight=False)

    def json(self, value: JsonValue) -> None:
        print(json_text(value, 2), flush=True)

    def json_line(self, value: JsonValue) -> None:
        print(json_text(value), flush=True)

    def note(self, text: str, style: str = "yellow") -> None:
        self.notes.print(plain(text, style), soft_wrap=True)

    def more(self, command: str, cursor: str | None) -> None:
        """Tells the command that lists the next page, where there is one."""
        if cursor:
            self.note(f"More: stepcrew {command} --cursor {cursor}", "dim")

    def show(self, answer: Answer, model: type[Model], draw: Callable[[Model], Table | str]) -> Model | None:
        """With --json prints the answer as it came; else what `draw` makes of it: a table, or a text that says what was
        done. Answers what people were shown."""
        if self.as_json:
            self.json(answer.data)
            return None
        found = answer.read(model)
        drawn = draw(found)
        if isinstance(drawn, str):
            self.note(drawn, "green")
        else:
            self.console.print(drawn)
        return found

    def done(self, value: JsonValue, text: str, style: str = "green") -> None:
        """Says what was done: `value` with --json, else the text."""
        if self.as_json:
            self.json(value)
        else:
            self.note(text, style)

    def removed(self, name: str) -> None:
        self.done({"name": name, "removed": True}, f"{name} is removed.")


@contextmanager
def reporting(output: Output) -> Generator[None]:
    """Turns our errors into readable text on stderr (with --json also the problem on stdout) and an exit code."""
    try:
        yield
    except (CliError, CrewFileError) as error:
        _report(output, error)
    except BrokenPipeError:
        # The reader of our stdout is gone (`stepcrew traces ID | head`): nothing more to say.
        sys.stderr.close()
        raise typer.Exit(0) from None


def _report(output: Output, error: CliError | CrewFileError) -> NoReturn:
    output.note(error.message, "bold red")
    problem = error.problem if isinstance(error, Rejected | ServerTrouble) else None
    for fault in problem.errors if problem else []:
        line = f" (line {fault.line})" if fault.line else ""
        output.note(f"  {fault.pointer or '/'}{line}: {fault.detail}", "red")
        if fault.remedy:
            output.note(f"      {fault.remedy}")
    if error.remedy:
        output.note(error.remedy)
    if problem and problem.request_id:
        output.note(f"Request id: {problem.request_id}", "dim")
    if output.as_json:
        if problem:
            output.json(problem.model_dump(mode="json"))
        else:
            output.json({"detail": error.message, "remedy": error.remedy})
    raise typer.Exit(error.exit_code if isinstance(error, CliError) else Exit.REJECTED)
