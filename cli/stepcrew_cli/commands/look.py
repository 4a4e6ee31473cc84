"""Commands that look at executions: list, status, watch."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.client import connect
from stepcrew_cli.options import DEFAULT_URL, ExecutionId, Group, IdentityName, Json, Output, Token, Url, reporting
from stepcrew_cli.summary import execution_table, print_error, status_text, what_to_type
from stepcrew_cli.text import one_line, plain
from stepcrew_cli.watching import exit_code, watch
from stepcrew_cli.wire import Execution, ExecutionList


def register(app: typer.Typer) -> None:
    app.command("list")(list_executions)
    app.command("status")(status)
    app.command("watch")(watch_execution)


def list_executions(
    status: Annotated[str | None, typer.Option(help="Only this status, e.g. RUNNING.")] = None,
    search: Annotated[str | None, typer.Option(help="Only names with this in it.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on where an earlier page ended.")] = None,
    url: Url = DEFAULT_URL,
    token: Token = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> None:
    """List executions, newest first."""
    output = Output(as_json)
    chosen = {"status": status.upper() if status else None, "search": search}
    filters = {key: value for key, value in chosen.items() if value is not None}
    params = {"limit": str(limit), **filters, **({"cursor": cursor} if cursor else {})}
    with reporting(output), connect(url, token, identity, group) as client:
        answer = client.executions(params)
        if as_json:
            output.json(answer.data)
            return
        page = answer.read(ExecutionList)
        table = Table(box=None, pad_edge=False)
        for column in ("Execution", "Name", "Status", "Tasks", "Created"):
            table.add_column(column, no_wrap=True)
        for each in page.executions:
            tasks = f"{each.progress.tasks_done}/{each.progress.tasks_total}"
            created = f"{each.created_at.astimezone():%m-%d %H:%M:%S}"
            table.add_row(
                plain(each.execution_id), plain(one_line(each.name, 40)), status_text(each.status), tasks, created
            )
        output.console.print(table)
        if page.next_cursor:
            again = "".join(f" --{name} {shlex.quote(value)}" for name, value in filters.items())
            output.note(f"More: stepcrew list{again} --cursor {page.next_cursor}", "dim")


def status(
    execution_id: ExecutionId,
    url: Url = DEFAULT_URL,
    token: Token = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Show where an execution stands. Exit code 1 when it failed or was cancelled."""
    output = Output(as_json)
    with reporting(output), connect(url, token, identity, group) as client:
        answer = client.execution(execution_id)
        execution = answer.read(Execution)
        if as_json:
            output.json(answer.data)
        else:
            output.console.print(execution_table(execution))
            if execution.error:
                print_error(output.console, execution.error)
            for command in what_to_type(execution):
                output.note(f"  {command}", "dim")
    raise typer.Exit(exit_code(execution.status))


def watch_execution(
    execution_id: ExecutionId,
    url: Url = DEFAULT_URL,
    token: Token = None,
    identity: IdentityName = "ada",
    group: Group = None,
    as_json: Json = False,
) -> None:
    """Show an execution live and end with its result."""
    output = Output(as_json)
    with reporting(output), connect(url, token, identity, group) as client:
        code = watch(client, execution_id, output)
    raise typer.Exit(code)
