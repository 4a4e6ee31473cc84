"""Why an execution stands as it does: doctor."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.table import Table

from stepcrew_cli.diagnosis_wire import Attempt, Diagnosis, Line, MachineStep
from stepcrew_cli.options import ExecutionId
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment, status_text
from stepcrew_cli.tables import facts_table, table_of
from stepcrew_cli.text import one_line, plain


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


@server_command
def doctor(call: Call, execution_id: ExecutionId) -> None:
    """Say what happened to an execution and what to do, with the facts: attempts, state machine, queues, last lines."""
    with call.client() as client:
        answer = client.diagnosis(execution_id)
        if call.output.as_json:
            call.output.json(answer.data)
        else:
            _print(call.output.console, answer.read(Diagnosis))


def _print(console: Console, found: Diagnosis) -> None:
    console.print(status_text(found.status))
    console.print(plain(found.summary))
    console.print()
    console.print(_facts(found))
    for lines in (_attempts(found.attempts), _steps(found), _logs(found.logs)):
        if lines.row_count:
            console.print()
            console.print(lines)


def _facts(found: Diagnosis) -> Table:
    table = facts_table()
    if found.slots:
        slots = found.slots
        table.add_row("Of the group", f"{slots.running} of {slots.may_run} run, {slots.waiting} wait for a slot")
        table.add_row("", f"{slots.open} of {slots.may_be_open} open")
    for asked in found.approvals:
        about = f"{asked.kind} of {asked.task_name}" if asked.task_name else asked.kind
        table.add_row("Open approval", plain(f"{asked.number}, {about}, until {moment(asked.expires_at)}"))
    if found.machine:
        error = f" ({found.machine.error})" if found.machine.error else ""
        table.add_row("State machine", plain(found.machine.status + error))
    if found.trace_queue:
        queue = found.trace_queue
        dead = f"{queue.dead} dead letter{'' if queue.dead == 1 else 's'}"
        table.add_row("Trace queue", f"{queue.waiting} wait, {queue.in_flight} in flight, {dead}, of the whole stack")
    return table


def _attempts(attempts: list[Attempt]) -> Table:
    table = table_of("Attempt", "Events made", "Recorded", "End")
    for one in attempts:
        end = "died" if one.died else "" if one.emitted is None else "ended"
        table.add_row(str(one.attempt), "?" if one.emitted is None else str(one.emitted), str(one.recorded), end)
    return table


def _steps(found: Diagnosis) -> Table:
    table = table_of("Time", "State machine", "Error", wrapped=("State machine", "Error"))
    steps: list[MachineStep] = found.machine.steps if found.machine else []
    for step in steps:
        table.add_row(_time(step), plain(step.state or step.event), plain(step.error or "", "red"))
    return table


def _logs(lines: list[Line]) -> Table:
    table = table_of("Time", "Level", "Log", wrapped=("Log",))
    for line in lines:
        table.add_row(f"{line.emitted_at.astimezone():%H:%M:%S}", plain(line.level), plain(one_line(line.message, 200)))
    return table


def _time(step: MachineStep) -> str:
    return f"{step.at.astimezone():%H:%M:%S}"
