"""Commands for decisions by one-time links: links show, on, off, rotate."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.webhook_wire import LinkSetting

links = typer.Typer(name="links", help="Links in webhooks and e-mails that decide on approvals.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(links)


@links.command("show")
@server_command
def show(call: Call) -> None:
    """Show whether the group allows them, how long one is good, and what they are signed with."""
    with call.client() as client:
        answer = client.decision_links()
    call.output.show(answer, LinkSetting, _table)


@links.command("on")
@server_command
def switch_on(
    call: Call,
    days: Annotated[int, typer.Option(min=1, max=30, help="How long a link is good.")] = 3,
) -> None:
    """Allow them. Webhooks with decision_links then carry them: whoever reads there may decide."""
    with call.client() as client:
        answer = client.set_decision_links({"enabled": True, "days": days})
    call.output.show(answer, LinkSetting, _table)


@links.command("off")
@server_command
def switch_off(call: Call) -> None:
    """Allow them no more. No link that was sent is valid afterwards."""
    with call.client() as client:
        answer = client.set_decision_links({"enabled": False})
    call.output.show(answer, LinkSetting, _table)


@links.command("rotate")
@server_command
def rotate(
    call: Call,
    revoke: Annotated[bool, typer.Option("--revoke", help="Make every link that was sent invalid.")] = False,
) -> None:
    """Sign with another key from now on. Links that were sent stay valid until they expire."""
    with call.client() as client:
        answer = client.rotate_decision_links(revoke=revoke)
    call.output.show(answer, LinkSetting, _table)


def _table(setting: LinkSetting) -> Table | str:
    if not setting.enabled:
        return "Decisions by links are off."
    table = table_of("Key", "Made", "State", "A link is good for")
    for key in setting.keys:
        state = f"its links end by {moment(key.ends_at)}" if key.ends_at else "signs"
        table.add_row(plain(key.key_id), moment(key.made_at), state, f"{setting.days} days")
    return table
