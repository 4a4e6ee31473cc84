"""Commands for the group's secrets: secrets set, secrets list, secrets remove."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.errors import CliError
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.wire import Secret, SecretList

Name = Annotated[str, typer.Argument(metavar="NAME", help="What definitions call it: {secret: NAME}.")]

secrets = typer.Typer(
    name="secrets", help="Secret keys of tools, MCP servers, connections and webhooks.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(secrets)


@secrets.command("set")
@server_command
def set_secret(
    call: Call,
    name: Name,
) -> None:
    """Keep a secret, or replace it.

    The value is asked for, or read from stdin. It is never an argument: other users of the machine and the shell's
    history would see it.
    """
    value = _value(name)
    with call.client() as client:
        answer = client.set_secret(name, value)
    call.output.show(answer, Secret, lambda made: f"{made.name} is set.")


def _value(name: str) -> str:
    """The value that was typed or piped in, without the line break that `echo` puts at its end."""
    if sys.stdin.isatty():
        value = str(typer.prompt(f"Value of {name}", hide_input=True, err=True))
    else:
        value = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not value:
        raise CliError(
            "There is no value.", remedy=f"Type it when asked, or pipe it in: stepcrew secrets set {name} < FILE"
        )
    return value


@secrets.command("list")
@server_command
def list_secrets(
    call: Call,
) -> None:
    """List the names of the group's secrets, who set them and which stored crews use them. Values are never shown."""
    with call.client() as client:
        answer = client.secrets()
    call.output.show(answer, SecretList, _table)


@secrets.command("remove")
@server_command
def remove_secret(
    call: Call,
    name: Name,
) -> None:
    """Remove a secret. Crews that use it are refused from then on."""
    with call.client() as client:
        client.remove(api_path("secrets", name))
    call.output.removed(name)


def _table(found: SecretList) -> Table:
    table = table_of("Name", "Set", "By", "Used by", wrapped=("Used by",))
    for each in found.secrets:
        when = moment(each.set_at) if each.set_at else ""
        table.add_row(plain(each.name), when, plain(each.set_by or ""), plain(", ".join(each.crews)))
    return table
