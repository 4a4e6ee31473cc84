"""Who did what in the group: audit."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.options import Cursor, page
from stepcrew_cli.record_wire import AuditPage
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain, safe


def register(app: typer.Typer) -> None:
    app.command("audit")(audit)


@server_command
def audit(
    call: Call,
    who: Annotated[str | None, typer.Option(help="Only what this person, or subject of a token, did.")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this kind of change, or what it begins with, as `secrets.`.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="Only what was done to this id or name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many entries to look at.")] = 100,
    cursor: Cursor = None,
    export: Annotated[bool, typer.Option("--export", help="Print the whole log as JSON Lines.")] = False,
) -> None:
    """Show who changed what in the group, newest first (admins)."""
    narrowed = {name: value for name, value in {"who": who, "action": action, "target": target}.items() if value}
    with call.client() as client:
        if export:
            for text in client.records.audit_lines({**narrowed, "limit": "1000"}):
                print(safe(text), end="", flush=True)
            return
        answer = client.records.audit({**narrowed, **page(limit, cursor)})
    if found := call.output.show(answer, AuditPage, _table):
        call.output.more("audit", found.next_cursor)


def _table(found: AuditPage) -> Table:
    described = ("Who", "Role", "Action", "Of")
    table = table_of("Time (UTC)", *described, wrapped=described)
    for one in found.entries:
        cells = (f"{one.at:%Y-%m-%d %H:%M:%S}", one.who or "–", one.role, one.action, one.target)
        table.add_row(*map(plain, cells))
    return table
