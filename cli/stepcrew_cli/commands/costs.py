"""What executions cost: cost."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from stepcrew_cli.cost_wire import Cost, CostLine, CostShare
from stepcrew_cli.options import ExecutionId
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import cost_text, dollars
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import one_line, plain

DIGITS = 7
"""Behind the point of a dollar, where single requests are told."""


def register(app: typer.Typer) -> None:
    app.command("cost")(cost)


@server_command
def cost(
    call: Call,
    execution_id: ExecutionId,
    price_book: Annotated[
        str | None, typer.Option(help="Name of another book of AWS's prices than the newest, such as 2026-11.")
    ] = None,
) -> None:
    """Show what an execution cost until now: its model calls by task, agent and model, and what it used of AWS."""
    with call.client() as client:
        answer = client.costs.cost(execution_id, price_book)
        if call.output.as_json:
            call.output.json(answer.data)
        else:
            _print(call.output.console, answer.read(Cost))


def _print(console: Console, found: Cost) -> None:
    console.print(plain(cost_text(found, None)))
    for note in found.notes:
        console.print(plain(note, "yellow"))
    for title, shares in (("Task", found.by_task), ("Agent", found.by_agent), ("Model", found.by_model)):
        if shares:
            console.print()
            console.print(_shares(title, shares))
    console.print()
    console.print(_lines(found.infrastructure))
    console.print(plain(f"Prices of {found.region}, {found.price_book}.", "dim"))


def _shares(title: str, shares: list[CostShare]) -> Table:
    table = table_of(title, "Model calls", "Tokens", "Models", right=("Model calls", "Tokens", "Models"))
    for share in shares:
        name = plain(one_line(share.name or "–", 60))
        table.add_row(name, str(share.model_calls), str(share.total_tokens), dollars(share.model_usd))
    return table


def _lines(lines: list[CostLine]) -> Table:
    table = table_of("AWS", "Quantity", "Price", "Cost", "Basis", right=("Quantity", "Price", "Cost"))
    for line in lines:
        quantity, price = f"{line.quantity:.6f}".rstrip("0").rstrip("."), f"${line.unit_usd:.10f}".rstrip("0")
        table.add_row(plain(line.what), quantity, price, dollars(line.usd, DIGITS), plain(line.basis, "dim"))
    return table
