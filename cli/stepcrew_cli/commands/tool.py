"""Commands for functions of the group that its crews use as tools: tool list, show, put, remove, deploy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue
from rich.table import Table

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.client import Client
from stepcrew_cli.commands.deploy import tell_missing
from stepcrew_cli.deploying.building import Built, build
from stepcrew_cli.deploying.cloudformation import TOOL, stack_name
from stepcrew_cli.deploying.finding import find_tool
from stepcrew_cli.deploying.functions import OnAws, function_of, parameters_of, upload_of
from stepcrew_cli.deploying.functions import tool as deployable
from stepcrew_cli.deploying.options import AwsProfile, DryRun, Parameter, PlatformCrewai, Region
from stepcrew_cli.deploying.wire import ListedTool, RegisteredTool, ToolList
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_reader.documents import read_document

Name = Annotated[str, typer.Argument(metavar="NAME", help="What crews call it.")]

tool = typer.Typer(name="tool", help="Functions of the group that its crews use as tools.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(tool)


@tool.command("list")
@server_command
def list_tools(
    call: Call,
    every: Annotated[bool, typer.Option("--all", help="Also the tools that every group has.")] = False,
) -> None:
    """List the group's own tools."""
    with call.client() as client:
        found = client.ask("GET", api_path("tools")).read(ToolList).root
    shown = [one for one in found if every or one.of_group]
    if call.output.as_json:
        call.output.json([one.model_dump(mode="json") for one in shown])
    else:
        call.output.console.print(_table(shown))


@tool.command("show")
@server_command
def show(call: Call, name: Name) -> None:
    """Show a tool of the group whole, as JSON."""
    with call.client() as client:
        call.output.json(client.ask("GET", api_path("tools", name)).data)


@tool.command("put")
@server_command
def put(
    call: Call,
    name: Name,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="YAML or JSON: description, input_schema, function_arn, perhaps effects."),
    ],
) -> None:
    """Register a Lambda function as a tool, or replace it. The function says by its tag whom it serves."""
    body = read_document(file)
    with call.client() as client:
        _store(call, client, name, body)


@tool.command("deploy")
@server_command
def deploy(
    call: Call,
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="Python file or folder with a BaseTool, or a function with @tool.")
    ],
    name: Annotated[str | None, typer.Option(help="What crews call it. Default: the tool's own name.")] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="MODULE:OBJECT", help="The tool, where there are several.")
    ] = None,
    effects: Annotated[
        bool, typer.Option("--effects", help="Its calls change something: none is repeated without a person's word.")
    ] = False,
    timeout_seconds: Annotated[int, typer.Option(min=1, max=300, help="Seconds that crews wait for a call.")] = 60,
    dry_run: DryRun = False,
    platform_crewai: PlatformCrewai = False,
    region: Region = None,
    aws_profile: AwsProfile = None,
    parameter: Parameter = None,
) -> None:
    """Make a function of a CrewAI tool, and register it. Deploying the same content again changes nothing.

    On the local stack it runs at once. On AWS its function is made with CloudFormation and your AWS credentials.
    """
    aws = OnAws(region, aws_profile, parameters_of(parameter or []))
    tell = partial(call.output.note, style="dim")
    with call.client() as client:
        built = build(client, find_tool(path, entry), platform_crewai=platform_crewai, as_tool=True)
        tool_name = name or name_of(built)
        reads = f"; reads: {', '.join(built.environment)}" if built.environment else ""
        tell_missing(client, call.output, built)
        tell(f"tool {built.project.entry} as {tool_name}{reads}; {built.size}")
        upload = upload_of(client, deployable(tool_name), built.content, built.digest, tell, aws)
        if dry_run:
            changes = upload.function.plan()
            for line in changes:
                tell(line)
            if call.output.as_json:
                call.output.json({**built.told(), "function_changes": list[JsonValue](changes)})
            return
        chosen: dict[str, JsonValue] = {"effects": effects, "timeout_seconds": timeout_seconds}
        chosen["function_arn"] = upload.put()
        if built.needs:
            chosen["secrets"] = list[JsonValue](sorted(built.needs))
        told = {key: built.report[key] for key in ("description", "input_schema")}
        _store(call, client, tool_name, {**told, **chosen})


@tool.command("remove")
@server_command
def remove(call: Call, name: Name, region: Region = None, aws_profile: AwsProfile = None) -> None:
    """Remove a tool, and its function when it was made by tool deploy. Crews that name it are refused from then on.

    May be repeated, and goes on where an earlier call stopped.
    """
    removed = False
    with call.client() as client:
        what = deployable(name)
        place = what.function_place(client).parameters
        found = client.find(what.place)
        registered = found.read(RegisteredTool) if found else None
        client.remove(what.place)
        # What was registered by hand is somebody's own function, which stays.
        if registered is None or f":{stack_name(TOOL, place)}:" in f"{registered.function_arn}:":
            tell = partial(call.output.note, style="dim")
            removed = function_of(client, what, place, tell, OnAws(region, aws_profile)).remove()
    told = f"{name} is removed{', with its function' if removed else ''}."
    call.output.done({"name": name, "function_removed": removed}, told)


def _store(call: Call, client: Client, name: str, body: Mapping[str, JsonValue]) -> None:
    answer = client.ask("PUT", api_path("tools", name), body)
    call.output.show(answer, RegisteredTool, lambda one: f"Crews name it as {one.name}; it calls {one.function_arn}.")


def name_of(built: Built) -> str:
    """The tool's own name, as models can call it."""
    return re.sub(r"[^a-z0-9]+", "_", str(built.report["name"]).lower()).strip("_")[:64] or "tool"


def _table(found: list[ListedTool]) -> Table:
    table = table_of("Name", "Effects", "Secrets", "What it does", wrapped=("Effects", "Secrets", "What it does"))
    for one in found:
        table.add_row(plain(one.name), "yes" if one.effects else "", ", ".join(one.secrets), plain(one.summary))
    return table
