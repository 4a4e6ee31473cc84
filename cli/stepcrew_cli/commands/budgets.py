"""Commands for what the group may spend in a month: budgets list, budgets set, budgets remove."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

from stepcrew_cli.client import Client
from stepcrew_cli.cost_wire import BudgetList
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import dollars
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain

Crew = Annotated[
    str | None,
    typer.Option("--crew", metavar="NAME", help="The budget of this crew. Default: the group's own."),
]

budgets = typer.Typer(
    name="budgets", help="What the group, and single crews, may spend in a month.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(budgets)


@budgets.command("list")
@server_command
def list_budgets(
    call: Call,
) -> None:
    """List the budgets, with what was spent of them this month (UTC)."""
    with call.client() as client:
        answer = client.costs.budgets()
    call.output.show(answer, BudgetList, _table)


@budgets.command("set")
@server_command
def set_budget(
    call: Call,
    usd: Annotated[float, typer.Argument(min=0, metavar="USD", help="US dollars a month.")],
    crew: Crew = None,
) -> None:
    """Set a budget. At 80 % of it a warning is announced; from 100 % on nothing more of it is started that month."""
    with call.client() as client:
        known = _read(client)
        _store(client, call.output, known, {**_limits(known), crew: usd})


@budgets.command("remove")
@server_command
def remove_budget(
    call: Call,
    crew: Crew = None,
) -> None:
    """Remove a budget."""
    with call.client() as client:
        known = _read(client)
        kept = _limits(known)
        if kept.pop(crew, None) is None:
            raise CliError("There is no such budget.", remedy="stepcrew budgets list shows those there are.")
        _store(client, call.output, known, kept)


def _read(client: Client) -> BudgetList:
    return client.costs.budgets().read(BudgetList)


def _limits(known: BudgetList) -> dict[str | None, float]:
    return {one.crew: one.limit_usd for one in known.budgets}


def _store(client: Client, output: Output, known: BudgetList, limits: dict[str | None, float]) -> None:
    """Refused when somebody else has changed them since they were read."""
    crews: dict[str, JsonValue] = {crew: usd for crew, usd in limits.items() if crew is not None}
    answer = client.costs.set_budgets({"group_usd": limits.get(None), "crews": crews, "revision": known.revision})
    output.show(answer, BudgetList, _table)


def _table(found: BudgetList) -> Table:
    numbers = (f"Spent in {found.month}", "Of", "Used")
    table = table_of("Budget", *numbers, right=numbers)
    for one in found.budgets:
        used = one.spent_usd / one.limit_usd
        style = "bold red" if used >= 1 else "yellow" if used >= 0.8 else ""
        name = plain("the group" if one.crew is None else one.crew)
        table.add_row(name, dollars(one.spent_usd, 2), dollars(one.limit_usd, 2), plain(f"{used:.0%}", style))
    return table
