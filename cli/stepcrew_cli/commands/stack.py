"""Commands of a checkout and of the package: up starts the local stack, examples lists the crews that come along."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from stepcrew_cli.crew_input import example_names
from stepcrew_cli.options import Json, Output, reporting
from stepcrew_cli.places import REPOSITORY, python_of


def register(app: typer.Typer) -> None:
    for command in (up, examples):
        app.command(command.__name__)(command)


def up(
    port: Annotated[
        int | None,
        typer.Option(help="Port of its web address; 0 takes any free one. Default: STEPCREW_PORT, else 8400."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder in which its data is kept. Without one, everything is gone when it stops."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Deploy again whenever a source file changes.")] = False,
) -> None:
    """Start the local stack of a checkout and keep it running until Ctrl-C."""
    with reporting(Output(False)):
        python = python_of("local", "The local stack")
        arguments = [str(python), "-m", "stepcrew_local", "up"]
        arguments += ["--port", str(port)] if port is not None else []
        arguments += ["--data", str(data.resolve())] if data else []
        arguments += ["--watch"] if watch else []
        paths = os.pathsep.join(filter(None, (str(REPOSITORY / "local"), os.environ.get("PYTHONPATH"))))
        # The stack takes over this process, so Ctrl-C and SIGTERM reach it directly.
        os.execve(python, arguments, {**os.environ, "PYTHONPATH": paths})  # noqa: S606


def examples(as_json: Json = False) -> None:
    """List the examples that `run` takes by name."""
    output = Output(as_json)
    names = example_names()
    if as_json:
        output.json([*names])
    else:
        print("\n".join(names))
