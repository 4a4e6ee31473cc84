"""Commands for model connections of the group: connections list, set, remove."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.connection_wire import Connection, ConnectionList
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain

Name = Annotated[str, typer.Argument(metavar="NAME", help="What stands in front of its models: NAME/model.")]

connections = typer.Typer(
    name="connections", help="Addresses of the group that serve models, used as NAME/model.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(connections)


@connections.command("list")
@server_command
def list_connections(call: Call) -> None:
    """List the group's connections, and the names of those that every group has."""
    with call.client() as client:
        answer = client.ask("GET", api_path("connections"))
    found = call.output.show(answer, ConnectionList, _table)
    if found and found.operators:
        call.output.note(f"For every group: {', '.join(found.operators)}", "dim")


@connections.command("set")
@server_command
def set_connection(
    call: Call,
    name: Name,
    base_url: Annotated[
        str, typer.Argument(metavar="URL", help="What stands in front of /chat/completions: https://HOST/v1.")
    ],
    secret: Annotated[
        str | None,
        typer.Option(metavar="SECRET", help="The group's secret with its key, where it wants one."),
    ] = None,
    provider: Annotated[str, typer.Option(help="Whose protocol it speaks: openai or anthropic.")] = "openai",
    fallback: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="Ask this model when NAME fails. Repeatable, in turn.")
    ] = None,
) -> None:
    """Make a connection, or change it. Crews then name its models, as NAME/model."""
    body: dict[str, JsonValue] = {"provider": provider, "base_url": base_url, "secret": secret}
    body["fallbacks"] = list[JsonValue](fallback or [])
    with call.client() as client:
        answer = client.ask("PUT", api_path("connections", name), body)
    call.output.show(answer, Connection, lambda made: f"Crews name its models as {made.name}/MODEL.")


@connections.command("remove")
@server_command
def remove(call: Call, name: Name) -> None:
    """Remove a connection. Crews that name its models are refused from then on."""
    with call.client() as client:
        client.remove(api_path("connections", name))
    call.output.removed(name)


def _table(found: ConnectionList) -> Table:
    table = table_of("Name", "Provider", "Address", "Secret", "Changed", "By", wrapped=("Address",))
    for one in found.connections:
        changed = moment(one.updated_at) if one.updated_at else ""
        cells = (one.name, one.provider, plain(one.base_url), one.secret or "", changed, plain(one.updated_by or ""))
        table.add_row(*cells)
    return table
