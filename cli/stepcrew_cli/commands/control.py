"""Commands that end things: cancel and delete."""

from __future__ import annotations

import typer

from stepcrew_cli.options import ExecutionId
from stepcrew_cli.record_wire import Deletion
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.text import counted
from stepcrew_cli.wire import Execution


def register(app: typer.Typer) -> None:
    for command in (cancel, delete):
        app.command(command.__name__)(command)


@server_command
def cancel(
    call: Call,
    execution_id: ExecutionId,
) -> None:
    """Ask an execution to stop. No model call begins after that; the call in flight is abandoned."""
    with call.client() as client:
        answer = client.cancel(execution_id)
        execution = answer.read(Execution)
        if call.output.as_json:
            call.output.json(answer.data)
        elif execution.ended:
            call.output.note(f"Execution {execution_id} is {execution.status}.")
        else:
            call.output.note(f"Asked execution {execution_id} to stop; it is {execution.status} until it does.")


@server_command
def delete(
    call: Call,
    execution_id: ExecutionId,
) -> None:
    """Delete an ended execution with its outputs and trace."""
    with call.client() as client:
        answer = client.delete(execution_id)
    call.output.show(answer, Deletion, lambda gone: f"Deleted {execution_id}: {counted(gone.removed)}.")
