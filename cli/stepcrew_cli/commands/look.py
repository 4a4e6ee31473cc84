"""Commands that look at executions: list, status, watch."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.options import Cursor, ExecutionId, Limit, page
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import dollars, execution_table, print_error, standing_text, what_to_type
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import one_line, plain
from stepcrew_cli.watching import exit_code, watch
from stepcrew_cli.wire import Execution, ExecutionList


def register(app: typer.Typer) -> None:
    app.command("list")(list_executions)
    app.command("status")(status)
    app.command("watch")(watch_execution)


@server_command
def list_executions(
    call: Call,
    status: Annotated[str | None, typer.Option(help="Only executions with this status, such as RUNNING.")] = None,
    search: Annotated[str | None, typer.Option(help="Only executions whose name contains this.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """List executions, newest first."""
    chosen = {"status": status.upper() if status else None, "search": search}
    filters = {key: value for key, value in chosen.items() if value is not None}
    params = page(limit, cursor) | filters
    with call.client() as client:
        answer = client.executions(params)
    if found := call.output.show(answer, ExecutionList, _table):
        again = "".join(f" --{name} {shlex.quote(value)}" for name, value in filters.items())
        call.output.more(f"list{again}", found.next_cursor)


def _table(found: ExecutionList) -> Table:
    table = table_of("Execution", "Name", "Status", "Tasks", "Cost", "Created")
    for each in found.executions:
        tasks = f"{each.progress.tasks_done}/{each.progress.tasks_total}"
        created = f"{each.created_at.astimezone():%m-%d %H:%M:%S}"
        row = (plain(each.execution_id), plain(one_line(each.name, 40)), standing_text(each), tasks)
        table.add_row(*row, dollars(each.cost and each.cost.total_usd), created)
    return table


@server_command
def status(
    call: Call,
    execution_id: ExecutionId,
) -> None:
    """Show the status of an execution, its progress, usage and error. Exit code 1 when it failed or was cancelled."""
    with call.client() as client:
        answer = client.execution(execution_id)
        execution = answer.read(Execution)
        if call.output.as_json:
            call.output.json(answer.data)
        else:
            call.output.console.print(execution_table(execution))
            if execution.error:
                print_error(call.output.console, execution.error)
            for command in what_to_type(execution):
                call.output.note(f"  {command}", "dim")
    raise typer.Exit(exit_code(execution.status))


@server_command
def watch_execution(
    call: Call,
    execution_id: ExecutionId,
) -> None:
    """Show an execution live until it ends, then its result. Ctrl-C stops showing it, not the execution."""
    with call.client() as client:
        code = watch(client, execution_id, call.output)
    raise typer.Exit(code)
