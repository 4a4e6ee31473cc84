"""Commands around bundles: saving an execution as one file, replaying it, testing with it, verifying it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from stepcrew_cli.crew_input import load_telling
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import ExecutionId, Json, Output, reporting
from stepcrew_cli.replaying import Replayed, describe, replay
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.verifying import Verified, verify
from stepcrew_cli.writing import write_file

File = Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, made by `stepcrew bundle`.")]
Crew = Annotated[
    str | None,
    typer.Option("--crew", metavar="CREW", help="A changed crew in place of the bundle's: a file or a folder."),
]


def register(app: typer.Typer) -> None:
    app.command("bundle")(bundle)
    app.command("replay")(replay_bundle)
    app.command("test")(check_bundles)
    app.command("verify")(verify_execution)


@server_command
def bundle(
    call: Call,
    execution_id: ExecutionId,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: ID.zip.")
    ] = None,
) -> None:
    """Save an execution as one file: definition, inputs, outputs, trace and journal. No secret is in it."""
    path = file or Path(f"{execution_id}.zip")
    with call.client() as client:
        body = client.bundle(execution_id)
    write_file(path, body)
    if call.output.as_json:
        call.output.json({"file": str(path), "bytes": len(body)})
    else:
        print(path)
        call.output.note("It has the inputs and outputs of the execution: look into it before you send it on.", "dim")


def replay_bundle(
    file: File,
    crew: Crew = None,
    live: Annotated[
        bool, typer.Option("--live", help="Let out what the journal has no answer to, with your own keys.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the crew of a bundle again on this machine, answered from its journal: no key, no model, no cost."""
    output = Output(as_json)
    with reporting(output):
        told = replay(file, _config(output, crew), live=live)
    if as_json:
        output.json(told.model_dump(mode="json", exclude={"refused", "remedy"}))
        return
    _show(output, told)


def check_bundles(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Bundles, made by `stepcrew bundle`.")],
    crew: Crew = None,
    as_json: Json = False,
) -> None:
    """Replay bundles and fail when an output or the end of one differs: a test of a crew that costs nothing. Exit code
    1 when one differs."""
    output = Output(as_json)
    differing = 0
    with reporting(output):
        config = _config(output, crew)
        for file in files:
            told = replay(file, config, live=False)
            differing += bool(told.differences)
            if as_json:
                output.json_line({"file": str(file), **told.model_dump(mode="json", exclude={"refused", "remedy"})})
            else:
                output.console.print(f"{file}", style="bold", markup=False)
                _show(output, told)
    if differing:
        output.note(f"{differing} of {len(files)} differ.", "red")
        raise typer.Exit(1)


@server_command
def verify_execution(
    call: Call,
    what: Annotated[str, typer.Argument(metavar="ID|FILE", help="An execution id, or a bundle.")],
    seal: Annotated[
        str | None, typer.Option(metavar="HASH", help="The seal that an earlier verification printed.")
    ] = None,
) -> None:
    """Say whether the trace and the journal of an execution are whole and unaltered. Exit code 1 when they are not."""
    found = _verified(call, what)
    faults = list(found.faults)
    if seal is not None and seal != found.seal:
        faults.append("The seal is another one: the ends of the chains were altered since.")
    if call.output.as_json:
        told: dict[str, JsonValue] = {"events": found.events, "entries": found.entries, "seal": found.seal}
        call.output.json({"whole": not faults, "faults": [*faults], "notes": [*found.notes], **told})
    else:
        for fault in faults:
            call.output.console.print(fault, style="red", markup=False, soft_wrap=True)
        for note in found.notes:
            call.output.note(note)
        counted = f"{found.events} trace events, {found.entries} journal entries"
        call.output.console.print(f"Not whole: {counted}." if faults else f"Whole and unaltered: {counted}.")
        call.output.console.print(f"Seal: {found.seal}", soft_wrap=True)
    if faults:
        raise typer.Exit(1)


def _verified(call: Call, what: str) -> Verified:
    if Path(what).is_file():
        return verify(Path(what))
    with tempfile.TemporaryDirectory(prefix="stepcrew-") as folder, call.client() as client:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(client.bundle(what))
        return verify(path)


def _config(output: Output, crew: str | None) -> JsonValue:
    if crew is None:
        return None
    source = load_telling(crew, output.note)
    config: JsonValue = source.body.get("config")
    if config is None:
        raise CliError(f"{crew} holds no crew.", remedy="Name a crew file or a project folder.")
    return config


def _show(output: Output, told: Replayed) -> None:
    for line, style in describe(told):
        output.console.print(line, style=style, markup=False, soft_wrap=True)
