"""The command line as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from stepcrew_cli.commands import account, control, look, people, read, run, secrets, stack, stored
from stepcrew_cli.text import first_sentence
from stepcrew_cli.version import __version__

HELP = """Run CrewAI crews on a Stepcrew server, and see what they do.

Exit codes: 0 success; 1 the execution failed or was cancelled; 2 wrong usage or a rejected request; 3 the server cannot
be reached or has trouble; 130 ended with Ctrl-C, while the execution goes on.
"""

app = typer.Typer(
    name="stepcrew",
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"stepcrew {__version__}")
        raise typer.Exit


@app.callback()
def _options(  # pyright: ignore[reportUnusedFunction] - Typer calls it
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    del version  # it ends the program before this is called


for _part in (account, run, stored, secrets, look, read, people, control, stack):
    _part.register(app)
for _command in app.registered_commands:
    # The list of commands shows the whole first sentence; by itself it would cut it off at the width of the terminal.
    _command.short_help = _command.short_help or first_sentence(getattr(_command.callback, "__doc__", None) or "")


def main() -> None:
    app(prog_name="stepcrew")
