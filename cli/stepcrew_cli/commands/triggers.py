"""Commands for what starts crews without a person: triggers list, show, set, …, and inbox put."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Cursor, Limit, page
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.trigger_wire import Firing, FiringList, Trigger, TriggerList, TriggerTrial
from stepcrew_reader.documents import read_document

MOST_UPLOAD_BYTES = 5_000_000_000
"""S3 takes no larger object in one request."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The trigger's name.")]
FiringName = Annotated[str, typer.Argument(metavar="NAME", help="The trigger's name; inbox for uploaded requests.")]

triggers = typer.Typer(
    name="triggers", help="Uploads, events, schedules and requests that start crews.", no_args_is_help=True
)
inbox = typer.Typer(name="inbox", help="The bucket whose new objects start crews.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(triggers)
    app.add_typer(inbox)


@triggers.command("list")
@server_command
def list_triggers(call: Call) -> None:
    """List the group's triggers."""
    with call.client() as client:
        answer = client.triggers()
    call.output.show(answer, TriggerList, _table)


@triggers.command("show")
@server_command
def show(call: Call, name: Name) -> None:
    """Show a trigger whole, as JSON. For a hook, hook_path is where its senders post to."""
    with call.client() as client:
        call.output.json(client.trigger(name).data)


@triggers.command("set")
@server_command
def set_trigger(
    call: Call,
    name: Name,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The trigger in YAML or JSON: crew, inputs, and one kind.")
    ],
) -> None:
    """Make a trigger, or change it. The file says which crew runs with which inputs, and what starts it."""
    body = read_document(file)
    with call.client() as client:
        answer = client.store_trigger(name, body)
        made = answer.read(Trigger)
    if call.output.as_json:
        call.output.json(answer.data)
        return
    call.output.note(f"{made.name} starts {made.crew}.", "green")
    if made.hook_path:
        print(made.hook_path)


@triggers.command("remove")
@server_command
def remove(call: Call, name: Name) -> None:
    """Remove a trigger with its firings. Executions it has started stay."""
    with call.client() as client:
        client.remove(api_path("triggers", name))
    call.output.removed(name)


@triggers.command("pause")
@server_command
def pause(call: Call, name: Name) -> None:
    """Let a trigger start nothing until it is resumed. What arrives meanwhile is kept as a skipped firing."""
    _switch(call, name, "pause", "is paused.")


@triggers.command("resume")
@server_command
def resume(call: Call, name: Name) -> None:
    """Let a paused trigger start crews again."""
    _switch(call, name, "resume", "starts crews again.")


def _switch(call: Call, name: str, verb: str, told: str) -> None:
    with call.client() as client:
        answer = client.switch_trigger(name, verb)
    call.output.done(answer.data, f"{name} {told}")


@triggers.command("test")
@server_command
def test_sample(
    call: Call,
    name: Name,
    sample: Annotated[
        Path, typer.Argument(metavar="FILE", help="What could make it fire, in YAML or JSON: what its inputs read.")
    ],
) -> None:
    """Show what a sample would start. Nothing is started. Exits with 1 when it would start nothing."""
    document = read_document(sample)
    with call.client() as client:
        answer = client.test_trigger(name, document)
    trial = answer.read(TriggerTrial)
    if call.output.as_json:
        call.output.json(answer.data)
    elif trial.valid:
        call.output.note(f"It would run {trial.crew} with:", "green")
        call.output.json(trial.inputs)
    if not trial.valid:
        raise CliError(
            f"It would start nothing: {trial.reason}",
            remedy="; ".join(fault.detail for fault in trial.errors[1:]) or "Change the sample or the trigger.",
        )


@triggers.command("firings")
@server_command
def firings(
    call: Call,
    name: FiringName,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> None:
    """List what a trigger did, newest first, with the reason where it started nothing."""
    with call.client() as client:
        answer = client.firings(name, page(limit, cursor))
    if found := call.output.show(answer, FiringList, _firings):
        call.output.more(f"triggers firings {name}", found.next_cursor)


@triggers.command("refire")
@server_command
def refire(
    call: Call,
    name: FiringName,
    firing: Annotated[str, typer.Argument(metavar="FIRING", help="The firing's id, as triggers firings lists it.")],
) -> None:
    """Fire again what a firing did not start, from what was kept of its cause."""
    with call.client() as client:
        answer = client.fire_again(name, firing)
    fired = answer.read(Firing)
    if call.output.as_json:
        call.output.json(answer.data)
    else:
        for execution_id in fired.execution_ids:
            print(execution_id)
    if fired.status == "FAILED":
        raise CliError(f"It started nothing: {fired.reason}", remedy="Change what the reason names, and fire it again.")


@inbox.command("put")
@server_command
def put(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to upload.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Its key below the group's folder. Default: the file's name.")
    ] = None,
) -> None:
    """Put a file into the inbox, where triggers see it. A JSON or YAML file that matches none is a request itself."""
    if not file.is_file():
        raise CliError(f"{file} is no file.", remedy="Name a file that can be read.")
    if file.stat().st_size > MOST_UPLOAD_BYTES:
        raise CliError(f"{file} is larger than 5 GB.", remedy="Upload it to a bucket with the AWS command line.")
    key = name or file.name
    with call.client() as client:
        client.put_in_inbox(key, file)
    call.output.done({"key": key, "uploaded": True}, f"{key} is in the inbox.")


def _table(found: TriggerList) -> Table:
    table = table_of("Name", "Kind", "Crew", "State", "Changed", "By")
    for each in found.triggers:
        changed = moment(each.updated_at) if each.updated_at else ""
        state = "on" if each.enabled else "paused"
        table.add_row(plain(each.name), each.kind, plain(each.crew), state, changed, plain(each.made_by or ""))
    return table


def _firings(found: FiringList) -> Table:
    table = table_of("Firing", "Fired", "Status", "Started", "Cause", "Reason", wrapped=("Cause", "Reason"))
    for each in found.firings:
        when = moment(each.fired_at) if each.fired_at else ""
        table.add_row(each.firing_id, when, each.status, str(each.started), plain(each.cause), plain(each.reason))
    return table
