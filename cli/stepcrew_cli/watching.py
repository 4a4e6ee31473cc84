"""Watching an execution to its end and ending with its result."""

from __future__ import annotations

from stepcrew_cli.client import Client
from stepcrew_cli.clock import utc_now
from stepcrew_cli.errors import CliError, Exit
from stepcrew_cli.follow import follow
from stepcrew_cli.live import Watched, show
from stepcrew_cli.options import Output
from stepcrew_cli.summary import print_summary
from stepcrew_cli.timing import time_breakdown
from stepcrew_cli.wire import BodyReference, Execution, Result

DETACHED = 130


def exit_code(status: str) -> Exit:
    return Exit.EXECUTION_FAILED if status in {"FAILED", "CANCELLED"} else Exit.SUCCESS


def watch(client: Client, execution_id: str, output: Output) -> int:
    """The exit code of the execution, or 130 when Ctrl-C detached from it; it goes on then."""
    watched = Watched()
    try:
        show(output.console, follow(client, execution_id), watched)
    except KeyboardInterrupt:
        output.note(f"\nStopped watching. Execution {execution_id} goes on.")
        _say_how_to_go_on(output, execution_id)
        return DETACHED
    except CliError:
        output.note(f"The server cannot be reached any more. Execution {execution_id} goes on.")
        _say_how_to_go_on(output, execution_id)
        raise
    if watched.gaps or not watched.complete:
        missing = ", ".join(f"{g.attempt}.{g.first}-{g.last if g.last is not None else '?'}" for g in watched.gaps)
        output.note(f"Events are missing from the trace{f': {missing}' if missing else ''}.")
    # Read again: the counts of the trace move on after the record's last change that was watched.
    execution = client.execution(execution_id).read(Execution)
    answer = client.result(execution_id)
    if output.as_json:
        output.json(answer.data)
    result = answer.read(Result)
    print_summary(
        output.console, execution, output_text(client, result), time_breakdown(execution, watched.events, utc_now())
    )
    return exit_code(execution.status)


def _say_how_to_go_on(output: Output, execution_id: str) -> None:
    output.note("\n".join(f"  stepcrew {command} {execution_id}" for command in ("watch", "status", "cancel")))


def output_text(client: Client, result: Result) -> str | None:
    """The crew's answer in full."""
    return full_text(client, result.output, result.output_reference)


def full_text(client: Client, text: str | None, reference: BodyReference | None) -> str | None:
    """The text itself, fetched when it is kept apart."""
    return client.body(reference.url) if reference is not None else text
