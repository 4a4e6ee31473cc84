"""`stepcrew rerun`: runs an ended execution again."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer

from stepcrew_cli.commands.run import started
from stepcrew_cli.crew_input import load_telling
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import (
    ExecutionId,
    MaxCostUsd,
    MaxModelCalls,
    MaxTokens,
    Output,
    TimeoutSeconds,
    Watching,
)
from stepcrew_cli.run_request import RunOptions, request_body
from stepcrew_cli.server_command import Call, server_command
from stepcrew_reader.documents import Document, read_text


def register(app: typer.Typer) -> None:
    app.command("rerun")(rerun)


@server_command
def rerun(
    call: Call,
    execution_id: ExecutionId,
    from_task: Annotated[
        str | None,
        typer.Option("--from", metavar="TASK", help="Begin with this crew task, and keep the outputs before it."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input", "-i", metavar="NAME=TEXT", help="Another value of an input, as in `stepcrew run`. Repeatable."
        ),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            metavar="TASK=FILE",
            help="With --from: use the text in this file as the output of that task. Repeatable.",
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="CREW", help="A changed crew: a file, a folder or the name of an example."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new execution. Default: the old one's.")] = None,
    timeout_seconds: TimeoutSeconds = None,
    max_tokens: MaxTokens = None,
    max_cost_usd: MaxCostUsd = None,
    max_model_calls: MaxModelCalls = None,
    watching: Watching = False,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            help="A key of your choice: two reruns with the same key start one execution. Default: a new key."
        ),
    ] = None,
) -> None:
    """Run an ended execution again, as a new one. Limits that are given here replace all of its limits."""
    limits: Document = {
        "timeout_seconds": timeout_seconds,
        "max_tokens": max_tokens,
        "max_cost_usd": max_cost_usd,
        "max_model_calls": max_model_calls,
    }
    body = request_body(_changed(call.output, config), RunOptions(inputs or (), None, name, None, limits))
    if from_task is not None:
        body["from_task"] = from_task
    if outputs:
        body["task_outputs"] = dict(_task_output(each) for each in outputs)
    with call.client() as client:
        answer = client.rerun(execution_id, body, idempotency_key or str(uuid.uuid4()))
        code = started(client, call.output, answer, watching)
    raise typer.Exit(code)


def _changed(output: Output, config: str | None) -> Document:
    if config is None:
        return {}
    source = load_telling(config, output.note)
    return {key: value for key, value in source.body.items() if key in {"config", "inputs", "name", "limits"}}


def _task_output(text: str) -> tuple[str, str]:
    task, separator, file = text.rpartition("=")
    if not separator or not task or not file:
        raise CliError(f"--output {text!r} must look like TASK=FILE.")
    return task, read_text(Path(file))
