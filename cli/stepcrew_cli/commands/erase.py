"""Commands that remove the data of a person or a group: erase user, erase group, erase list, erase show."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.answer import Answer
from stepcrew_cli.record_wire import Erasure, ErasureList
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import counted, plain

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]

erase = typer.Typer(name="erase", help="Remove the data of a person, or of the whole group.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(erase)


@erase.command("user")
@server_command
def erase_user(
    call: Call,
    user: Annotated[str, typer.Argument(metavar="NAME", help="As executions name who submitted them.")],
    yes: Yes = False,
) -> None:
    """Remove the executions and batches that a person submitted until now; open ones are cancelled first."""
    _confirm(f"Remove everything that {user} submitted?", yes=yes)
    with call.client() as client:
        _begun(call, client.records.erase_user(user))


@erase.command("group")
@server_command
def erase_group(
    call: Call,
    group_id: Annotated[str, typer.Argument(metavar="GROUP", help="The group you work in, named once more.")],
    yes: Yes = False,
) -> None:
    """Remove everything of the group but its limits and its audit log."""
    _confirm(f"Remove everything of the group {group_id}?", yes=yes)
    with call.client() as client:
        _begun(call, client.records.erase_group(group_id))


@erase.command("list")
@server_command
def list_erasures(call: Call) -> None:
    """List what was asked to be removed, newest first."""
    with call.client() as client:
        answer = client.records.erasures()
    call.output.show(answer, ErasureList, lambda found: _table(found.erasures))


@erase.command("show")
@server_command
def show_erasure(
    call: Call,
    erasure_id: Annotated[str, typer.Argument(metavar="ID", help="The id that `erase` printed.")],
) -> None:
    """Show the receipt of one: what went, and whether all of it did."""
    with call.client() as client:
        answer = client.records.erasure(erasure_id)
    call.output.show(answer, Erasure, lambda one: _table([one]))


def _confirm(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(f"{question} It cannot be undone.", abort=True, err=True)


def _begun(call: Call, answer: Answer) -> None:
    call.output.show(
        answer,
        Erasure,
        lambda one: f"Erasure {one.erasure_id} is accepted. stepcrew erase show {one.erasure_id} tells what went.",
    )


def _table(found: list[Erasure]) -> Table:
    described = ("Of", "Status", "Asked (UTC)", "By", "Removed")
    table = table_of("Erasure", *described, wrapped=described)
    for one in found:
        waits = f"; {one.still_open} still open" if one.still_open else ""
        cells = (one.erasure_id, one.user or "the group", one.status, f"{one.created_at:%Y-%m-%d %H:%M}")
        table.add_row(*map(plain, (*cells, one.asked_by or "–", counted(one.removed) + waits)))
    return table
