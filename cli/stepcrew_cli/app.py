"""The command line as a whole."""

from __future__ import annotations

from typing import Annotated

import typer

from stepcrew_cli.admin.commands import admin
from stepcrew_cli.commands import (
    account,
    approvals,
    audit,
    batch,
    budgets,
    bundles,
    connections,
    control,
    costs,
    deploy,
    doctor,
    erase,
    export,
    files,
    links,
    look,
    memory,
    prices,
    read,
    rerun,
    run,
    secrets,
    stack,
    stored,
    tool,
    triggers,
    undeploy,
    usage,
    webhooks,
)
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


def _show_whole_sentences(group: typer.Typer) -> None:
    """The list of commands shows each one's first sentence; by itself it would cut it at the terminal's width."""
    for command in group.registered_commands:
        command.short_help = first_sentence(getattr(command.callback, "__doc__", None) or "")
    for below in group.registered_groups:
        if below.typer_instance:
            _show_whole_sentences(below.typer_instance)


for _part in (
    *(account, run, rerun, deploy, undeploy, stored, memory, files, secrets, connections, tool),
    *(triggers, batch, webhooks, links),
    *(look, read, doctor, costs, usage, budgets, prices, bundles, export, approvals, control, audit, erase, stack),
):
    _part.register(app)
app.add_typer(admin, name="admin")
_show_whole_sentences(app)


def main() -> None:
    app(prog_name="stepcrew")
