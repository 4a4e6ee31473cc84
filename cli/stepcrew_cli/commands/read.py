"""Commands that read what an execution left: traces, result, logs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepcrew_cli.client import Client
from stepcrew_cli.documents import write_file
from stepcrew_cli.errors import CliError
from stepcrew_cli.event_lines import event_line
from stepcrew_cli.follow import follow
from stepcrew_cli.options import ExecutionId, Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import print_error
from stepcrew_cli.text import safe
from stepcrew_cli.watching import exit_code, full_text, output_text
from stepcrew_cli.wire import ArtifactList, LogPage, Result, TraceEvent

After = Annotated[
    str | None, typer.Option(help="Only what comes after this cursor, as printed or returned with --json.")
]


def register(app: typer.Typer) -> None:
    for command in (traces, result, logs):
        app.command(command.__name__)(command)


@server_command
def traces(
    call: Call,
    execution_id: ExecutionId,
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new events until the trace is complete.")
    ] = False,
    after: After = None,
) -> None:
    """Print the trace of an execution, one event a line; with --json, one JSON object a line."""
    with call.client() as client:
        try:
            for event in _events(client, execution_id, after, following):
                if call.output.as_json:
                    call.output.json_line(event.model_dump(mode="json"))
                else:
                    call.output.console.print(event_line(event), soft_wrap=True)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None


def _events(client: Client, execution_id: str, after: str | None, following: bool) -> Iterator[TraceEvent]:
    if following:
        for update in follow(client, execution_id, after):
            yield from update.events
    else:
        for page in client.trace_pages(execution_id, after):
            yield from page.events


@server_command
def result(
    call: Call,
    execution_id: ExecutionId,
    task: Annotated[
        str | None, typer.Option(help="Print the output of this crew task in place of the crew's result.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write its artifacts into this folder."),
    ] = None,
) -> None:
    """Print the result of an execution. Exit code 1 when the execution failed or was cancelled."""
    with call.client() as client:
        if save is not None:
            _save(client, execution_id, save, call.output)
        answer = client.result(execution_id)
        view = answer.read(Result)
        if call.output.as_json:
            call.output.json(answer.data)
        elif task is not None:
            _print_body(_task_text(client, view, task))
        else:
            _print_result(client, view, call.output.notes)
    raise typer.Exit(exit_code(view.status))


def _save(client: Client, execution_id: str, folder: Path, output: Output) -> None:
    """The server's names lead nowhere else than below the folder; one that did would not be followed."""
    found = client.artifacts(execution_id).read(ArtifactList).artifacts
    for artifact in found:
        path = folder / artifact.name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CliError(f"The server names an artifact {safe(artifact.name)}, which is outside {folder}.")
        write_file(path, client.artifact(execution_id, artifact.name), makes_folders=True)
        output.note(f"{path} is written.", "green")
    if not found:
        output.note("The execution has no artifacts (yet): no file of a finished task, or of a project.", "dim")


def _print_result(client: Client, view: Result, notes: Console) -> None:
    text = output_text(client, view)
    if text is not None:
        _print_body(text)
        return
    done = ", ".join(task.name for task in view.tasks) or "none"
    notes.print(f"The execution is {view.status}; it has no result. Finished crew tasks: {done}.", markup=False)
    if view.error:
        print_error(notes, view.error)


def _task_text(client: Client, view: Result, name: str) -> str:
    for task in view.tasks:
        if task.name == name:
            return full_text(client, task.raw, task.raw_reference) or ""
    raise CliError(
        f"No finished crew task is named {name}.",
        remedy=f"Finished so far: {', '.join(task.name for task in view.tasks) or 'none'}.",
    )


def _print_body(text: str) -> None:
    """Never wrapped, so that it can go into a file; still without terminal controls."""
    print(safe(text), flush=True)


@server_command
def logs(
    call: Call,
    execution_id: ExecutionId,
    after: After = None,
) -> None:
    """Print the log lines of an execution; with --json, one JSON object a line."""
    with call.client() as client:
        more = True
        while more:
            page = client.logs(execution_id, after).read(LogPage)
            more, after = page.more, page.cursor
            for line in page.lines:
                if call.output.as_json:
                    call.output.json_line(line.model_dump(mode="json"))
                else:
                    when = f"{line.emitted_at.astimezone():%H:%M:%S}"
                    print(safe(f"{when} {line.level:<7} {line.logger}: {line.message}"), flush=True)
