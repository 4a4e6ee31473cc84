"""Commands for who hears over HTTP that crews wait or ended: webhooks list, show, set, …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.options import Cursor, Limit, page
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.webhook_wire import DeliveryList, Receipt, Webhook, WebhookList
from stepcrew_reader.documents import read_document

Name = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.")]

webhooks = typer.Typer(
    name="webhooks", help="Servers and people that hear when crews wait or end.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(webhooks)


@webhooks.command("list")
@server_command
def list_webhooks(call: Call) -> None:
    """List the group's webhooks."""
    with call.client() as client:
        answer = client.webhooks()
    call.output.show(answer, WebhookList, _table)


@webhooks.command("show")
@server_command
def show(call: Call, name: Name) -> None:
    """Show a webhook whole, as JSON. off_reason says why it was switched off by itself."""
    with call.client() as client:
        call.output.json(client.webhook(name).data)


@webhooks.command("set")
@server_command
def set_webhook(
    call: Call,
    name: Name,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The webhook in YAML or JSON: url and secret, or to; events.")
    ],
) -> None:
    """Make a webhook, or change it. The file says where to, what it hears of, and which secret signs it."""
    body = read_document(file)
    with call.client() as client:
        answer = client.store_webhook(name, body)
    call.output.show(answer, Webhook, lambda made: f"{made.name} tells {made.place} of {', '.join(made.events)}.")


@webhooks.command("remove")
@server_command
def remove(call: Call, name: Name) -> None:
    """Remove a webhook with the log of its deliveries. What is on its way is not delivered."""
    with call.client() as client:
        client.remove(api_path("webhooks", name))
    call.output.removed(name)


@webhooks.command("test")
@server_command
def test_sample(call: Call, name: Name) -> None:
    """Send a sample. What the receiver answers stands in the list of deliveries."""
    with call.client() as client:
        answer = client.test_webhook(name)
    _receipt(call, name, answer.read(Receipt))


@webhooks.command("deliveries")
@server_command
def deliveries(
    call: Call,
    name: Name,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """List what was sent, newest first, with the reason where the receiver did not take it. --json has the answers."""
    with call.client() as client:
        answer = client.deliveries(name, page(limit, cursor))
    if found := call.output.show(answer, DeliveryList, _deliveries):
        call.output.more(f"webhooks deliveries {name}", found.next_cursor)


@webhooks.command("redeliver")
@server_command
def redeliver(
    call: Call,
    name: Name,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, as webhooks deliveries lists it.")],
) -> None:
    """Send a delivery again, with the same id and body. One that is still tried is sent by itself."""
    with call.client() as client:
        answer = client.redeliver(name, delivery)
    _receipt(call, name, answer.read(Receipt))


def _receipt(call: Call, name: str, receipt: Receipt) -> None:
    if call.output.as_json:
        call.output.json({"delivery_id": receipt.delivery_id})
        return
    print(receipt.delivery_id)
    call.output.note(f"It is sent. See stepcrew webhooks deliveries {name}", "dim")


def _table(found: WebhookList) -> Table:
    table = table_of("Name", "State", "Events", "Crews", "Address", wrapped=("Events", "Crews", "Address"))
    for each in found.webhooks:
        crews = "all" if each.crews is None else ", ".join(each.crews) or "by name"
        state = "on" if each.enabled else "off"
        table.add_row(plain(each.name), state, ", ".join(each.events), plain(crews), plain(each.place))
    return table


def _deliveries(found: DeliveryList) -> Table:
    table = table_of("Delivery", "State", "Event", "Tries", "Next", "Reason", wrapped=("Event", "Reason"))
    for each in found.deliveries:
        following = moment(each.next_try_at) if each.next_try_at else ""
        event = f"{each.event_type.removeprefix('stepcrew.')} {each.execution_id} {each.to}".rstrip()
        table.add_row(each.delivery_id, each.state, plain(event), str(each.tries), following, plain(each.reason))
    return table
