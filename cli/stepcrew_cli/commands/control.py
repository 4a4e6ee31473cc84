"""Commands that end things: cancel and delete."""

from __future__ import annotations

import typer

from stepcrew_cli.client import connect
from stepcrew_cli.options import DEFAULT_URL, ExecutionId, Group, IdentityName, Json, Output, Token, Url, reporting
from stepcrew_cli.wire import Execution


def register(app: typer.Typer) -> None:
    for command in (cancel, delete):
        app.command(command.__name__)(command)


def cancel(
    execution_id: ExecutionId,
    url: Url = DEFAULT_URL,
    token: Token = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Ask an execution to stop."""
    output = Output(as_json)
    with reporting(output), connect(url, token, identity, group) as client:
        answer = client.cancel(execution_id)
        execution = answer.read(Execution)
        if as_json:
            output.json(answer.data)
        elif execution.ended:
            output.note(f"Execution {execution_id} is {execution.status}.")
        else:
            output.note(f"Asked execution {execution_id} to stop; it is {execution.status} until it does.")


def delete(
    execution_id: ExecutionId,
    url: Url = DEFAULT_URL,
    token: Token = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Delete an ended execution with its outputs and trace."""
    output = Output(as_json)
    with reporting(output), connect(url, token, identity, group) as client:
        client.delete(execution_id)
        if as_json:
            output.json({"deleted": execution_id})
        else:
            output.note(f"Deleted {execution_id}.", "dim")
