"""Commands for what the group's crews remember: memory scopes, list, search, reembed, export, remove."""

from __future__ import annotations

import time
from typing import Annotated, Literal

import typer
from rich.table import Table

from stepcrew_cli.errors import CliError
from stepcrew_cli.json_lines import LinesFile, write_lines
from stepcrew_cli.memory_wire import MemoryHitList, MemoryReceipt, MemoryRecordList, Scope, ScopeList
from stepcrew_cli.options import Cursor, Limit
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain

memory = typer.Typer(name="memory", help="What crews remember from one execution to the next.", no_args_is_help=True)

PAUSE_SECONDS = 1.0
"""Between two looks how far a scope is."""
BACKENDS = {"table": "the table", "s3vectors": "Amazon S3 Vectors"}
Backend = Literal["table", "s3vectors"]
ScopeArgument = Annotated[str | None, typer.Argument(metavar="[SCOPE]", help="Only this scope and what is below.")]


def register(app: typer.Typer) -> None:
    app.add_typer(memory)


@memory.command("scopes")
@server_command
def list_scopes(call: Call) -> None:
    """List the scopes of the group's memory: /crews/NAME of one crew, /shared of all, and what lies below."""
    with call.client() as client:
        answer = client.memory.scopes()
    call.output.show(answer, ScopeList, _scopes)


@memory.command("list")
@server_command
def list_records(
    call: Call,
    scope: ScopeArgument = None,
    words: Annotated[str | None, typer.Option(help="Only records with one of these words.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """List what is remembered, newest first. With --words, those with most of the words first."""
    given = {"scope": scope, "words": words, "limit": str(limit), "cursor": cursor}
    with call.client() as client:
        answer = client.memory.records({name: value for name, value in given.items() if value})
    if found := call.output.show(answer, MemoryRecordList, _records):
        call.output.more(f"memory list{f' {scope}' if scope else ''}", found.next_cursor)


@memory.command("search")
@server_command
def search(
    call: Call,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="Where to look, with all that is below.")],
    query: Annotated[str, typer.Argument(metavar="QUERY", help="What the records are to be about, in your words.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to find.")] = 10,
) -> None:
    """Find what is remembered by its meaning, the closest first. The group pays for the vector of the query."""
    with call.client() as client:
        answer = client.memory.search({"scope": scope, "query": query, "limit": str(limit)})
    call.output.show(answer, MemoryHitList, _hits)


@memory.command("reembed")
@server_command
def reembed(
    call: Call,
    scope: Annotated[str, typer.Argument(metavar="SCOPE", help="/crews/NAME or /shared.")],
    embedder: Annotated[
        str | None, typer.Option(help="The embedding model, as provider/model. Without it, the operator's.")
    ] = None,
    backend: Annotated[
        Backend | None,
        typer.Option(help="Where the vectors are to lie. Without --embedder, they stay those of their model."),
    ] = None,
    detached: Annotated[bool, typer.Option("--detach", "-d", help="Do not wait for the end.")] = False,
) -> None:
    """Make the vectors of a scope anew with another embedding model, or bring them into another backend (admins). Crews
    go on with the old ones until all new ones are there. Asked again, it goes on where it stopped."""
    with call.client() as client:
        answer = client.memory.reembed(scope, embedder, backend)
        moving = answer.read(Scope)
        while moving.moving_to and not moving.reason and not detached:
            time.sleep(PAUSE_SECONDS)
            answer = client.memory.scopes()
            found = [one for one in answer.read(ScopeList).scopes if one.path == moving.path]
            if not found:
                raise CliError(f"{moving.path} was removed meanwhile.")
            moving = found[0]
    if moving.reason:
        raise CliError(f"{moving.path} still has vectors of {moving.embedder}: {moving.reason}")
    if call.output.as_json:
        call.output.json(moving.model_dump(mode="json"))
    elif moving.moving_to:
        call.output.note(f"{moving.path} moves to {moving.moving_to}; stepcrew memory scopes tells when it has.")
    else:
        where = BACKENDS.get(moving.backend, moving.backend)
        call.output.note(f"{moving.path} has vectors of {moving.embedder} in {where}.", "green")


@memory.command("export")
@server_command
def export(call: Call, scope: ScopeArgument = None, file: LinesFile = None) -> None:
    """Print what is remembered as JSON Lines, newest first: each record with its text, scope and origin, no vectors."""
    with call.client() as client:
        write_lines(client.memory.export(scope), file, call.output, "records")


@memory.command("remove")
@server_command
def remove(
    call: Call,
    what: Annotated[str, typer.Argument(metavar="SCOPE|RECORD", help="A scope with all that is below, or a record.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a scope is removed.")] = False,
) -> None:
    """Remove a scope or one record for good: texts and vectors. It says what went."""
    is_scope = what.startswith("/")
    with call.client() as client:
        if is_scope and not yes:
            _ask(
                call,
                what,
                sum(one.records for one in client.memory.scopes().read(ScopeList).scopes if one.path == what),
            )
        answer = client.memory.remove_scope(what) if is_scope else client.memory.remove_record(what)
    call.output.show(answer, MemoryReceipt, lambda it: f"Removed {it.records} records and {it.vectors} kept vectors.")


def _ask(call: Call, scope: str, records: int) -> None:
    """Raises CliError when the answer is no, and where nobody can answer."""
    if call.output.as_json:
        raise CliError("A scope is removed only with --yes when the output is JSON.", remedy="Add --yes.")
    if not typer.confirm(f"Remove {scope} with {records} records?", err=True):
        raise CliError("Nothing was removed.")


def _scopes(found: ScopeList) -> Table:
    table = table_of("Scope", "Records", "Newest", "Embedding model", wrapped=("Scope",))
    for each in found.scopes:
        newest = moment(each.newest) if each.newest else ""
        moving = f" → {each.moving_to} {each.reason}".rstrip() if each.moving_to else ""
        table.add_row(plain(each.path), str(each.records), newest, plain(f"{each.embedder or ''}{moving}"))
    return table


def _records(found: MemoryRecordList) -> Table:
    table = _with_contents("Record", "Made", "Importance")
    for each in found.records:
        made = moment(each.created_at) if each.created_at else ""
        table.add_row(plain(each.record_id), made, f"{each.importance:.2f}", plain(each.scope), plain(each.content))
    return table


def _hits(found: MemoryHitList) -> Table:
    table = _with_contents("Score", "Record")
    for score, each in ((hit.score, hit.record) for hit in found.hits):
        table.add_row(f"{score:.2f}", plain(each.record_id), plain(each.scope), plain(each.content))
    return table


def _with_contents(*columns: str) -> Table:
    table = table_of(*columns)
    table.expand = True
    table.add_column("Scope", ratio=1, overflow="fold")
    table.add_column("Content", ratio=2, overflow="fold")
    return table
