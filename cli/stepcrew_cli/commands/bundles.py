"""Commands around bundles: saving an execution as one file, replaying it, testing with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from stepcrew_cli.crew_input import load_crew
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import ExecutionId, Json, Output, reporting
from stepcrew_cli.replaying import Replayed, describe, replay
from stepcrew_cli.server_command import Call, server_command

File = Annotated[Path, typer.Argument(metavar="FILE", help="A bundle, made by `stepcrew bundle`.")]
Crew = Annotated[
    str | None,
    typer.Option("--crew", metavar="CREW", help="A changed crew in place of the bundle's: a file or a folder."),
]


def register(app: typer.Typer) -> None:
    app.command("bundle")(bundle)
    app.command("replay")(replay_bundle)
    app.command("test")(check_bundles)


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
    try:
        path.write_bytes(body)
    except OSError as error:
        raise CliError(f"{path} cannot be written: {error.strerror}.") from error
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


def _config(output: Output, crew: str | None) -> JsonValue:
    if crew is None:
        return None
    source = load_crew(crew)
    for note in source.notes:
        output.note(note)
    config: JsonValue = source.body.get("config")
    if config is None:
        raise CliError(f"{crew} holds no crew.", remedy="Name a crew file or a project folder.")
    return config


def _show(output: Output, told: Replayed) -> None:
    for line, style in describe(told):
        output.console.print(line, style=style, markup=False, soft_wrap=True)
