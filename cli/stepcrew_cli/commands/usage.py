"""What the group's executions used: usage."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.client import Client
from stepcrew_cli.cost_wire import Recount, UsageReport, UsageRow
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import dollars
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import one_line, plain, safe

_DAY = ["%Y-%m-%d"]


class By(StrEnum):
    CREW = "crew"
    USER = "user"
    AGENT = "agent"
    TOOL = "tool"
    MODEL = "model"
    SOURCE = "source"
    DAY = "day"


def register(app: typer.Typer) -> None:
    app.command("usage")(usage)


@server_command
def usage(
    call: Call,
    by: Annotated[By, typer.Option(help="What the sums are made by.")] = By.CREW,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAY, metavar="DAY", help="The first day. Default: the first of the month."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=_DAY, metavar="DAY", help="The last day. Default: today, in UTC.")
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table as CSV.")] = False,
    recount: Annotated[
        bool,
        typer.Option("--recount", help="Add up what each execution used again, and tell which sums differ (admins)."),
    ] = False,
    repair: Annotated[bool, typer.Option("--repair", help="With --recount: first count what was not counted.")] = False,
) -> None:
    """Show what the executions that ended on these days used and cost. With --recount, exit code 1 when a sum is
    wrong."""
    days = {"from": first, "to": last}
    params = {"by": by.value} | {name: f"{day:%Y-%m-%d}" for name, day in days.items() if day}
    with call.client() as client:
        if recount:
            raise typer.Exit(_recount(client, call.output, params, repair=repair))
        if as_csv:
            print(safe(client.costs.usage_table(params)), end="", flush=True)
            return
        answer = client.costs.usage(params)
        if call.output.as_json:
            call.output.json(answer.data)
        else:
            _print(call.output, answer.read(UsageReport))


def _print(output: Output, report: UsageReport) -> None:
    numbers = ("Executions", "Failed", "Tokens", "Models", "AWS", "Cost")
    table = table_of(report.by.capitalize(), *numbers, right=numbers)
    for row in report.rows:
        _add(table, one_line(row.name or "–", 50), row)
    table.add_section()
    _add(table, "All", report.total)
    output.console.print(table)
    if unpriced := report.total.unpriced:
        many = f"{unpriced} execution{'' if unpriced == 1 else 's'}"
        output.note(f"Of {many} the price of a model is not known: their models are in no sum.")


def _add(table: Table, name: str, row: UsageRow) -> None:
    money = (dollars(row.model_usd), dollars(row.infrastructure_usd), dollars(row.total_usd))
    table.add_row(plain(name), str(row.executions), str(row.failed), str(row.total_tokens), *money)


def _recount(client: Client, output: Output, params: dict[str, str], *, repair: bool) -> int:
    days = {name: value for name, value in params.items() if name != "by"}
    answer = client.costs.recount(days, repair=repair)
    found = answer.read(Recount)
    if output.as_json:
        output.json(answer.data)
    elif not found.differences and not found.missing:
        output.note(f"{found.executions} executions, and every sum is right.", "green")
    for wrong in found.differences:
        output.note(f"{wrong.day}, by {wrong.by}: {wrong.name or '–'} is not what its executions come to.", "red")
    for execution_id in found.missing:
        output.note(f"{execution_id} was not counted: stepcrew usage --recount --repair counts it.", "red")
    return 1 if found.differences or found.missing else 0
