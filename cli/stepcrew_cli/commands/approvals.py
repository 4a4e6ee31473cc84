"""Commands for what waits for a person: approvals, approve, revise, reject."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

from stepcrew_cli.client import Client
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Cursor, ExecutionId, Limit, Output, page
from stepcrew_cli.questions import print_question
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import one_line, plain
from stepcrew_cli.wire import Approval, ApprovalList, Execution
from stepcrew_reader.documents import Document, read_text

Number = Annotated[
    int | None,
    typer.Option("--approval", min=1, metavar="N", help="Number of the question. Default: the one that is open."),
]
Comment = Annotated[str | None, typer.Option("--comment", help="The reason. It is recorded in the trace.")]
Amount = Annotated[int | None, typer.Option(min=1, help="If the question is about a limit: the new limit.")]


def register(app: typer.Typer) -> None:
    for command in (approvals, approve, revise, reject):
        app.command(command.__name__)(command)


@server_command
def approvals(
    call: Call,
    execution_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Show the questions of this execution in full, with the decisions."),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """List the questions that wait for a person, or show those of one execution."""
    params = page(limit, cursor)
    with call.client() as client:
        answer = client.approvals_of(execution_id, params) if execution_id else client.approvals(params)
        if call.output.as_json:
            call.output.json(answer.data)
            return
        found = answer.read(ApprovalList)
        if execution_id:
            for approval in found.approvals:
                print_question(call.output.console, client, approval)
            if not found.approvals:
                call.output.note("This execution has asked no questions.", "dim")
        else:
            call.output.console.print(_table(found.approvals))
        call.output.more(f"approvals {execution_id or ''}", found.next_cursor)


def _table(approvals: list[Approval]) -> Table:
    table = table_of("Execution", "No.", "About", "Question", "Until", "Yours")
    for each in approvals:
        question = plain(one_line(each.question, 60))
        yours = "yes" if each.may_decide else "no"
        about, until = plain(each.kind), moment(each.expires_at)
        table.add_row(plain(each.execution_id), str(each.number), about, question, until, yours)
    return table


@server_command
def approve(
    call: Call,
    execution_id: ExecutionId,
    approval: Number = None,
    comment: Comment = None,
    corrected: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="FILE",
            help="If the question is about an answer: a file with the text to use in its place.",
        ),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option("--text", help="If a project's code asks for a text: the text. Or in place of --output."),
    ] = None,
    max_tokens: Amount = None,
    max_model_calls: Amount = None,
    max_cost_usd: Annotated[
        float | None, typer.Option(min=0, help="If the question is about a limit: the new limit.")
    ] = None,
) -> None:
    """Let a waiting execution go on: accept its answer, allow its tool call, or raise its limit."""
    amounts = {"max_tokens": max_tokens, "max_model_calls": max_model_calls, "max_cost_usd": max_cost_usd}
    limits: Document = {name: amount for name, amount in amounts.items() if amount is not None}
    if corrected and text is not None:
        raise CliError("--output and --text both give the text.", remedy="Leave one of them out.")
    with call.client() as client:
        given = read_text(corrected) if corrected else text
        more: Document = {**({} if given is None else {"output": given}), **({"limits": limits} if limits else {})}
        _decide(client, call.output, execution_id, approval, "approve", comment, more)


@server_command
def revise(
    call: Call,
    execution_id: ExecutionId,
    comment: Annotated[str, typer.Option("--comment", help="What the agent should do better. The agent reads this.")],
    approval: Number = None,
) -> None:
    """Send an answer back to its agent with a comment. The new answer is asked about again."""
    with call.client() as client:
        _decide(client, call.output, execution_id, approval, "revise", comment, {})


@server_command
def reject(
    call: Call,
    execution_id: ExecutionId,
    approval: Number = None,
    comment: Comment = None,
) -> None:
    """Refuse. A refused answer or limit ends the execution; a refused tool call is told to the agent, which goes on."""
    with call.client() as client:
        _decide(client, call.output, execution_id, approval, "reject", comment, {})


def _decide(
    client: Client,
    output: Output,
    execution_id: str,
    number: int | None,
    decision: str,
    comment: str | None,
    more: Document,
) -> None:
    # Named, so that the decision sent again after a lost answer is not taken for one on the next question.
    number = number or _open_number(client, execution_id)
    body: dict[str, JsonValue] = {"decision": decision, "approval_id": f"{execution_id}.{number}", **more}
    if comment is not None:
        body["comment"] = comment
    answer = client.feedback(execution_id, body)
    if output.as_json:
        output.json(answer.data)
        return
    execution = answer.read(Execution)
    output.note(f"Execution {execution_id} is {execution.status}: {execution.message}", "")
    output.note(f"To follow it: stepcrew watch {execution_id}", "dim")


def _open_number(client: Client, execution_id: str) -> int:
    execution = client.execution(execution_id).read(Execution)
    if execution.waiting is None:
        raise CliError(
            f"Execution {execution_id} does not wait for a decision: it is {execution.status}.",
            remedy="stepcrew approvals lists the executions that wait for one.",
        )
    return execution.waiting.number
