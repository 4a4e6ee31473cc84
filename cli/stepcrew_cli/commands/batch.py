"""Commands for running a stored crew over many rows of inputs: batch run, list, show, results, cancel, retry."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.batch_progress import follow_batch, show_batch, standing
from stepcrew_cli.batch_rows import MOST_INLINE_BYTES, UPLOADED, read_rows
from stepcrew_cli.batch_wire import Batch, BatchList, BatchRowList
from stepcrew_cli.client import Client
from stepcrew_cli.errors import CliError
from stepcrew_cli.json_lines import LinesFile, write_lines
from stepcrew_cli.options import Cursor, Limit, MaxCostUsd, MaxModelCalls, MaxTokens, TimeoutSeconds, page
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment, status_text
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_reader.documents import Document

BatchId = Annotated[str, typer.Argument(metavar="ID", help="Batch id.")]
OF_GROUP = "file:"
Detached = Annotated[bool, typer.Option("--detach", "-d", help="Do not wait for the end.")]

batch = typer.Typer(name="batch", help="Run a stored crew over many rows of inputs.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(batch)


@batch.command("run")
@server_command
def run(
    call: Call,
    crew: Annotated[str, typer.Argument(metavar="CREW", help="The stored crew: NAME, or one version: NAME@VERSION.")],
    rows: Annotated[
        str,
        typer.Argument(
            metavar="ROWS",
            help="A CSV, JSON Lines or JSON file with one object of inputs a row; file:NAME, one of the group's files; "
            "or s3://BUCKET/KEY, an object of the group's folder in the inbox.",
        ),
    ],
    name: Annotated[str | None, typer.Option(help="Name of the batch and of its executions.")] = None,
    max_concurrency: Annotated[
        int | None, typer.Option("--at-once", min=1, help="Executions at a time. Default: half of the group's slots.")
    ] = None,
    tolerated_failures: Annotated[
        int | None, typer.Option("--tolerate", min=0, help="Rows that may fail before no more are started.")
    ] = None,
    webhooks: Annotated[
        list[str] | None, typer.Option("--webhook", metavar="NAME", help="A webhook that hears of its end. Repeatable.")
    ] = None,
    timeout_seconds: TimeoutSeconds = None,
    max_tokens: MaxTokens = None,
    max_cost_usd: MaxCostUsd = None,
    max_model_calls: MaxModelCalls = None,
    detached: Detached = False,
) -> None:
    """Run a stored crew once for each row, and show how far it is. The limits are those of each execution."""
    limits = {
        "timeout_seconds": timeout_seconds,
        "max_tokens": max_tokens,
        "max_cost_usd": max_cost_usd,
        "max_model_calls": max_model_calls,
    }
    asked: Document = {
        "name": name,
        "max_concurrency": max_concurrency,
        "tolerated_failures": tolerated_failures,
        "webhooks": webhooks,
        "limits": {field: value for field, value in limits.items() if value is not None},
    }
    with call.client() as client:
        given = {key: value for key, value in asked.items() if value not in (None, {})}
        body: Document = {"crew": crew, **_source(client, rows), **given}
        answer = client.batches.create(body, str(uuid.uuid4()))
        code = _told(call, client, answer.read(Batch), detached)
    raise typer.Exit(code)


@batch.command("list")
@server_command
def list_batches(call: Call, limit: Limit = 20, cursor: Cursor = None) -> None:
    """List the group's batches, newest first."""
    with call.client() as client:
        answer = client.batches.newest(page(limit, cursor))
    if found := call.output.show(answer, BatchList, _table):
        call.output.more("batch list", found.next_cursor)


@batch.command("show")
@server_command
def show(
    call: Call,
    batch_id: BatchId,
    watching: Annotated[bool, typer.Option("--watch", "-w", help="Show it until it ends.")] = False,
) -> None:
    """Show how a batch stands, with the rows that failed. Exits with 1 when it failed or was cancelled."""
    with call.client() as client:
        if watching:
            raise typer.Exit(_watched(call, client, batch_id))
        answer = client.batches.read(batch_id)
        if call.output.as_json:
            call.output.json(answer.data)
            return
        found = answer.read(Batch)
        _print(call, found)
        if found.counts.failed:
            failed = client.batches.rows(batch_id, {"status": "FAILED", "limit": "20"}).read(BatchRowList)
            for row in failed.rows:
                call.output.console.print(
                    plain(f"Row {row.row}: {row.reason} {row.execution_id or ''}"), soft_wrap=True
                )


@batch.command("results")
@server_command
def results(call: Call, batch_id: BatchId, file: LinesFile = None) -> None:
    """Print what each row came to as JSON Lines: row, status, inputs, output, cost and, where it failed, why."""
    with call.client() as client:
        write_lines(client.batches.results(batch_id), file, call.output, "rows")


@batch.command("cancel")
@server_command
def cancel(call: Call, batch_id: BatchId) -> None:
    """Start no further rows and cancel those that run."""
    with call.client() as client:
        answer = client.batches.cancel(batch_id)
    if call.output.as_json:
        call.output.json(answer.data)
    else:
        call.output.note(f"Asked batch {batch_id} to stop; {standing(answer.read(Batch))}.")


@batch.command("retry")
@server_command
def retry(call: Call, batch_id: BatchId, detached: Detached = False) -> None:
    """Run the rows again that did not complete, once the batch has ended."""
    with call.client() as client:
        answer = client.batches.retry(batch_id)
        code = _told(call, client, answer.read(Batch), detached)
    raise typer.Exit(code)


def _source(client: Client, rows: str) -> Document:
    """Where the rows are. A large file goes to the inbox first, below a folder that no trigger hears of."""
    if rows.startswith("s3://"):
        return {"s3": rows}
    if rows.startswith(OF_GROUP):
        return {"file": rows.removeprefix(OF_GROUP)}
    path = Path(rows)
    if not path.is_file():
        raise CliError(f"{rows} is no file.", remedy="Name a CSV, JSON Lines or JSON file that can be read.")
    if path.stat().st_size <= MOST_INLINE_BYTES or path.suffix.lower() not in UPLOADED:
        return {"inputs": read_rows(path)}
    name = f"batches/{uuid.uuid4()}{path.suffix.lower()}"
    client.put_in_inbox(name, path)
    return {"file": name}


def _told(call: Call, client: Client, made: Batch, detached: bool) -> int:
    if not detached:
        call.output.note(f"Batch {made.batch_id}", "dim")
        return _watched(call, client, made.batch_id)
    if call.output.as_json:
        call.output.json(made.model_dump(mode="json"))
    else:
        print(made.batch_id)
        call.output.note(f"To follow it: stepcrew batch show --watch {made.batch_id}", "dim")
    return 0


def _watched(call: Call, client: Client, batch_id: str) -> int:
    try:
        last = show_batch(call.output.console, follow_batch(client, batch_id))
    except KeyboardInterrupt:
        call.output.note(f"It goes on. stepcrew batch show --watch {batch_id}, or: stepcrew batch cancel {batch_id}")
        return 130
    if call.output.as_json:
        call.output.json(client.batches.read(batch_id).data)
    elif last:
        _print(call, last)
    return 0 if last and last.status == "COMPLETED" else 1


def _print(call: Call, found: Batch) -> None:
    console = call.output.console
    console.print(
        status_text(found.status), plain(f"{found.name} ({found.crew}), {found.total} rows: {standing(found)}")
    )
    if found.reason:
        console.print(plain(found.reason, "yellow"), soft_wrap=True)
    if found.ended:
        further = " stepcrew batch retry ID runs the others again." if found.counts.completed < found.total else ""
        call.output.note(f"stepcrew batch results {found.batch_id} prints what each row came to.{further}", "dim")


def _table(found: BatchList) -> Table:
    table = table_of("Batch", "Made", "Status", "Rows", "Completed", "Failed", "Cost", "Name", wrapped=("Name",))
    for each in found.batches:
        counts = (str(each.total), str(each.counts.completed), str(each.counts.failed))
        cost = f"${each.usage.cost_usd:.4f}"
        table.add_row(each.batch_id, moment(each.created_at), status_text(each.status), *counts, cost, plain(each.name))
    return table
