"""Commands for the group's own prices of models: prices list, prices set, prices remove."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

from stepcrew_cli.client import Client
from stepcrew_cli.cost_wire import ModelPrice, PriceList
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain

Model = Annotated[str, typer.Argument(metavar="MODEL", help="As crews name it: provider/model.")]

prices = typer.Typer(
    name="prices", help="What the group pays for models, instead of list prices.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(prices)


@prices.command("list")
@server_command
def list_prices(
    call: Call,
) -> None:
    """List the group's own prices, in US dollars for a million tokens."""
    with call.client() as client:
        answer = client.costs.prices()
    call.output.show(answer, PriceList, _table)


@prices.command("set")
@server_command
def set_price(
    call: Call,
    model: Model,
    input_usd: Annotated[float, typer.Option("--in", min=0, help="US dollars for a million tokens of prompts.")],
    output_usd: Annotated[float, typer.Option("--out", min=0, help="The same for completions.")],
    cached_usd: Annotated[
        float | None, typer.Option("--cached", min=0, help="For those read from the provider's cache. Default: --in.")
    ] = None,
    written_usd: Annotated[
        float | None, typer.Option("--written", min=0, help="For those written into it. Default: --in.")
    ] = None,
) -> None:
    """Set the price of a model. Executions that are submitted from then on are priced so."""
    price = ModelPrice(input_usd=input_usd, output_usd=output_usd, cached_usd=cached_usd, written_usd=written_usd)
    with call.client() as client:
        _store(client, call.output, {**client.costs.prices().read(PriceList).models, model: price})


@prices.command("remove")
@server_command
def remove_price(
    call: Call,
    model: Model,
) -> None:
    """Remove the group's own price of a model: from then on the provider's list price counts."""
    with call.client() as client:
        kept = client.costs.prices().read(PriceList).models
        if kept.pop(model, None) is None:
            raise CliError(
                f"The group has no price of its own for {model}.", remedy="stepcrew prices list names those it has."
            )
        _store(client, call.output, kept)


def _store(client: Client, output: Output, models: dict[str, ModelPrice]) -> None:
    body: dict[str, JsonValue] = {"models": {name: one.model_dump(exclude_none=True) for name, one in models.items()}}
    answer = client.costs.set_prices(body)
    output.show(answer, PriceList, lambda found: f"{len(found.models)} prices are set.")


def _table(found: PriceList) -> Table:
    numbers = ("In", "Out", "Cached", "Written")
    table = table_of("Model", *numbers, right=numbers)
    for name, price in sorted(found.models.items()):
        amounts = (price.input_usd, price.output_usd, price.cached_usd, price.written_usd)
        table.add_row(plain(name), *("–" if usd is None else f"${usd:g}" for usd in amounts))
    return table
