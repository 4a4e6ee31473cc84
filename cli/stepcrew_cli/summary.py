"""The last words of an execution: its status, answer, usage and where the time went."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stepcrew_cli.cost_wire import CostSummary
from stepcrew_cli.tables import facts_table
from stepcrew_cli.text import plain, seconds
from stepcrew_cli.timing import TimeBreakdown
from stepcrew_cli.wire import CancelReceipt, Execution, ExecutionError, Usage, Waiting

STATUS_STYLE = {
    "PENDING": "yellow",
    "RUNNING": "cyan",
    "WAITING": "magenta",
    "COMPLETED": "green",
    "FAILED": "red",
    "CANCELLED": "yellow",
}


def status_text(status: str) -> Text:
    return plain(status, f"bold {STATUS_STYLE.get(status, '')}".strip())


def standing_text(execution: Execution) -> Text:
    """Its status, and its place where it waits for a slot to run in."""
    text = status_text(execution.status)
    return text.append(f" (queued, {execution.queue_position})") if execution.queue_position else text


def usage_text(usage: Usage) -> str:
    calls = f"{usage.model_calls} model call{'' if usage.model_calls == 1 else 's'}"
    return f"{calls}, {usage.total_tokens} tokens ({usage.prompt_tokens} in, {usage.completion_tokens} out)"


def dollars(usd: float | None, digits: int = 4) -> str:
    """`$0.0123`; `<$0.0001` for what is not nothing, `–` where nobody knows."""
    if usd is None:
        return "–"
    least = 10**-digits
    return f"<${least:.{digits}f}" if 0 < usd < least else f"${usd:.{digits}f}"


def cost_text(cost: CostSummary, note: str | None) -> str:
    """The whole, and its two parts. `note` says why a part is unknown."""
    parts = f"models {dollars(cost.model_usd)}, AWS {dollars(cost.infrastructure_usd)}"
    about = "about " if cost.estimated and cost.total_usd is not None else ""
    return f"{about}{dollars(cost.total_usd)} ({parts})" + (f"; {note}" if note else "")


def waiting_text(waiting: Waiting) -> str:
    what = f"{waiting.kind} of {waiting.task_name}" if waiting.task_name else waiting.kind
    return f"for a person, about the {what}, since {moment(waiting.since)}, until {moment(waiting.expires_at)}"


def receipt_text(receipt: CancelReceipt) -> str:
    """How soon the request was seen, and what it cost until then."""
    seen = f"seen after {seconds(max(0.0, (receipt.observed_at - receipt.requested_at).total_seconds()))}"
    if receipt.model_calls is None:
        return f"{seen}; what came after the request is unknown"
    calls = f"{receipt.model_calls} model call{'' if receipt.model_calls == 1 else 's'}"
    let_go = f" ({receipt.abandoned_calls} let go)" if receipt.abandoned_calls else ""
    cost = "cost unknown" if receipt.cost_usd is None else f"${receipt.cost_usd:.4f}"
    return f"{seen}; after the request: {calls}{let_go}, {receipt.total_tokens or 0} tokens, {cost}"


def moment(value: datetime) -> str:
    return f"{value.astimezone():%Y-%m-%d %H:%M}"


def what_to_type(execution: Execution) -> list[str]:
    """The commands that let a waiting execution go on. They name the question, for the next one may be open by then."""
    waiting = execution.waiting
    if waiting is None:
        return []
    this = f"{execution.execution_id} --approval {waiting.number}"
    revise = [f"stepcrew revise {this} --comment TEXT"] if waiting.kind in ("answer", "feedback") else []
    text = " --text TEXT" if waiting.kind == "input" else ""
    decide = [f"stepcrew approve {this}{text}", *revise, f"stepcrew reject {this}"]
    return [f"stepcrew approvals {execution.execution_id}", *decide]


def print_error(console: Console, error: ExecutionError) -> None:
    where = f" in task {error.task}" if error.task else ""
    console.print(plain(f"{error.category}{where}: {error.message}", "red"))
    if error.remedy:
        console.print(plain(error.remedy, "yellow"))


def execution_table(execution: Execution) -> Table:
    """What is known of one execution, field by field."""
    table = facts_table()
    progress = execution.progress
    table.add_row("Execution", plain(f"{execution.execution_id}  {execution.name}"))
    table.add_row("Status", standing_text(execution))
    if execution.message:
        table.add_row("Message", plain(execution.message))
    if execution.waiting:
        table.add_row("Waiting", plain(waiting_text(execution.waiting)))
    if execution.cancel_receipt:
        table.add_row("Cancel", receipt_text(execution.cancel_receipt))
    elif execution.cancel_requested_at and not execution.ended:
        table.add_row("Cancel", "requested")
    table.add_row("Crew tasks", f"{progress.tasks_done} of {progress.tasks_total} done")
    if progress.current_task and not execution.ended:
        who = f" ({progress.current_agent})" if progress.current_agent else ""
        table.add_row("Now", plain(progress.current_task + who))
    if execution.model:
        table.add_row("Model", plain(execution.model))
    table.add_row("Usage", plain(usage_text(execution.usage)))
    if execution.cost:
        table.add_row("Cost", plain(cost_text(execution.cost, execution.usage.cost_note)))
    counts = execution.traces
    recorded = "all recorded" if counts.complete else "still arriving"
    table.add_row("Trace events", f"{counts.recorded} ({recorded})")
    if execution.attempt > 1:
        table.add_row("Attempts", str(execution.attempt))
    return table


def print_summary(console: Console, execution: Execution, output: str | None, time: TimeBreakdown) -> None:
    if output is not None:
        _print_output(console, plain(output.strip() or "(empty)"))
    console.print(execution_table(execution))
    if execution.error:
        print_error(console, execution.error)
    table = Table(title="Where the time went", title_justify="left", box=None, pad_edge=False)
    for name in ("Total", "Model", "Tools", "People", "Waiting for a start", "Platform"):
        table.add_column(name, justify="right")
    parts = (time.total, time.model, time.tools, time.people, time.waiting, time.platform)
    table.add_row(*(seconds(part) for part in parts))
    console.print(table)


def _print_output(console: Console, output: Text) -> None:
    if console.is_terminal:
        console.print(Panel(output, title="Result", title_align="left", border_style="green"))
    else:
        # In a log or file a frame and broken lines would only be in the way.
        console.print(Text("Result"), Text(""), output, Text(""), sep="\n", soft_wrap=True)
