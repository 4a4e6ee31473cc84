"""A question to people as text: what is to be judged, who may, until when, and what was decided."""

from __future__ import annotations

from rich.console import Console

from stepcrew_cli.client import Client
from stepcrew_cli.summary import moment
from stepcrew_cli.text import as_text, plain
from stepcrew_cli.watching import full_text
from stepcrew_cli.wire import Approval


def print_question(console: Console, client: Client, approval: Approval) -> None:
    console.print(plain(f"{approval.number}. {approval.question}", "bold"), soft_wrap=True)
    for call in approval.tools:
        console.print(plain(f"   {call.tool_name} {as_text(dict(call.arguments))}"), soft_wrap=True)
    text = full_text(client, approval.output, approval.output_reference)
    if text:
        console.print(plain(text.rstrip()), soft_wrap=True)
    console.print(plain(f"   {_standing(approval)}", "dim"), soft_wrap=True)
    console.print()


def _standing(approval: Approval) -> str:
    decision = approval.decision
    if decision:
        who = f"by {decision.decided_by}" if decision.decided_by else "because nobody decided in time"
        said = f": {decision.comment}" if decision.comment else ""
        return f"{decision.kind} {who}, {moment(decision.decided_at)}{said}"
    if approval.withdrawn_at:
        return f"withdrawn {moment(approval.withdrawn_at)}: the execution ended"
    deciders = f"by {', '.join(approval.deciders)}" if approval.deciders else "by any member of the group"
    return f"to be decided {deciders} until {moment(approval.expires_at)}; then: {approval.on_timeout}"
