"""`stepcrew deploy`: makes a stored crew of a CrewAI project with its own Python."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.client import Client
from stepcrew_cli.deploying.building import Built, build
from stepcrew_cli.deploying.environment_names import SECRET
from stepcrew_cli.deploying.finding import find_project
from stepcrew_cli.deploying.functions import NOTHING_CHOSEN, OnAws, parameters_of, project, upload_of
from stepcrew_cli.deploying.options import AwsProfile, DryRun, Parameter, PlatformCrewai, Region
from stepcrew_cli.deploying.wire import DeployedCrew
from stepcrew_cli.errors import CliError
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.wire import SecretList, StoredCrew

SHIPPED_FILES = 200


def register(app: typer.Typer) -> None:
    app.command("deploy")(deploy)


@server_command
def deploy(
    call: Call,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="CrewAI project folder, or a Python file. With --version: the stored crew's name."
        ),
    ],
    name: Annotated[str | None, typer.Option(help="The name to store it under. Default: the project's own.")] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="MODULE:OBJECT", help="What is run, where the project has several crews.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="Roll back: make this earlier version of the crew the latest one again.")
    ] = None,
    alias: Annotated[
        str | None, typer.Option(metavar="ALIAS", help="Let NAME@ALIAS stand for what was deployed, from then on.")
    ] = None,
    dry_run: DryRun = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="As --dry-run, with any role and without AWS, and tell whether it is deployed."),
    ] = False,
    platform_crewai: PlatformCrewai = False,
    region: Region = None,
    aws_profile: AwsProfile = None,
    parameter: Parameter = None,
) -> None:
    """Deploy a CrewAI project, crew or flow, with its own Python. Deploying the same content again changes nothing.

    On the local stack it runs at once. On AWS its function is made with CloudFormation and your AWS credentials.
    """
    if version is not None and (name or entry or dry_run or check or platform_crewai or parameter):
        raise CliError("With --version only the crew's name is given, and --alias.", remedy="stepcrew deploy --help")
    if alias is not None and (dry_run or check):
        raise CliError("--alias goes with neither --dry-run nor --check: nothing is deployed.")
    aws = OnAws(region, aws_profile, parameters_of(parameter or []))
    with call.client() as client:
        if version is not None:
            stored = client.ask("POST", api_path("crews", path, "rollback"), {"version": version}).read(StoredCrew)
        elif check:
            check_project(client, call.output, Path(path), name, entry, platform_crewai)
            return
        else:
            made = deploy_project(client, call.output, Path(path), name, entry, dry_run, platform_crewai, aws)
            if made is None:
                return
            stored = made
        if alias is not None:
            client.ask("PUT", api_path("crews", stored.name, "aliases", alias), {"version": stored.version})
    if call.output.as_json:
        call.output.json(stored.model_dump(mode="json"))
        return
    print(f"{stored.name}@{stored.version}")
    call.output.note(f"Run it with: stepcrew run --crew {stored.name}{f'@{alias}' if alias else ''}", "dim")


def build_project(client: Client, output: Output, path: Path, entry: str | None, platform_crewai: bool) -> Built:
    """Everything that needs no right on the server: found, resolved, imported, built and told."""
    built = build(client, find_project(path, entry), platform_crewai=platform_crewai)
    _tell(output, built)
    tell_missing(client, output, built)
    return built


def deploy_project(
    client: Client,
    output: Output,
    path: Path,
    name: str | None = None,
    entry: str | None = None,
    dry_run: bool = False,
    platform_crewai: bool = False,
    aws: OnAws = NOTHING_CHOSEN,
) -> StoredCrew | None:
    """Everything from the folder to the stored crew; None after a dry run."""
    built = build_project(client, output, path, entry, platform_crewai)
    stored_name = _stored_name(name or built.project.name)
    tell = partial(output.note, style="dim")
    upload = upload_of(client, project(stored_name), built.content, built.digest, tell, aws)
    if dry_run:
        changes = upload.function.plan()
        for line in changes:
            output.note(line, "dim")
        if output.as_json:
            output.json({**built.told(), "function_changes": list[JsonValue](changes)})
        return None
    body = _body(built, upload.put())
    return client.store_project(stored_name, body).read(StoredCrew)


def check_project(
    client: Client, output: Output, path: Path, name: str | None, entry: str | None, platform_crewai: bool
) -> None:
    """Raises CliError with every fault that a deployment would have. Tells whether it would make a new version."""
    built = build_project(client, output, path, entry, platform_crewai)
    stored_name = _stored_name(name or built.project.name)
    known = client.find(api_path("crews", stored_name))
    stored = known.read(DeployedCrew) if known else None
    latest = stored.project if stored else None
    same = latest is not None and (latest.bundle, latest.entry) == (built.digest, built.project.entry)
    if output.as_json:
        output.json({**built.told(), "name": stored_name, "deployed": same})
    elif stored is not None and same:
        output.note(f"{stored_name}@{stored.version} is this very content.", "green")
    else:
        output.note(f"Sound. Deploying it makes {stored_name}@{stored.version + 1 if stored else 1}.", "green")


def _tell(output: Output, built: Built) -> None:
    report = built.report
    parts = [f"{report['kind']} {built.project.entry}"]
    if report["agents"]:
        parts.append(f"{len(report['agents'])} agents, {len(report['tasks'])} tasks")
    for label, names in (
        ("inputs", report["inputs"]),
        ("tools", report["tools"]),
        ("reads", built.environment),
    ):
        if names:
            parts.append(f"{label}: {', '.join(names)}")
    output.note("; ".join([*parts, built.size]), "dim")


def tell_missing(client: Client, output: Output, built: Built) -> None:
    """What did not come along: the secrets that it needs and the group lacks, without which no execution is accepted,
    and the values in `.env`, without which the code may do something else than on this machine."""
    for note in built.project.notes:
        output.note(note)
    kept = built.project.kept
    if not built.needs and not kept:
        return
    known = {one.name for one in client.secrets().read(SecretList).secrets}
    for name, who in built.needs.items():
        if name not in known:
            output.note(f"{who} needs the secret {name}: stepcrew secrets set {name}", "yellow")
    missing = [name for name in kept if name not in {*known, *built.needs}]
    if missing:
        told = f"The values in .env stay on this machine, and no secret of the group has these: {', '.join(missing)}."
        never = [name for name in missing if not SECRET.match(name)]
        output.note(f"{told} What the code needs of them: stepcrew secrets set NAME")
        if never:
            output.note(f"Names of secrets are upper case, so none can fill {', '.join(never)}.")


def _body(built: Built, function: str) -> dict[str, JsonValue]:
    code, report = built.project, built.report
    outline: dict[str, JsonValue] = {
        "name": code.name,
        "agents": report["agents"],
        "tasks": [{key: value for key, value in task.items() if value is not None} for task in report["tasks"]],
    }
    if report.get("process") == "hierarchical":
        outline["process"] = "hierarchical"
    described: dict[str, JsonValue] = {
        "bundle": built.digest,
        "entry": code.entry,
        "kind": report["kind"],
        "function": function,
        "environment": list[JsonValue](built.environment),
        "needs": dict[str, JsonValue](built.needs),
        "inputs": list[JsonValue](sorted({*report["inputs"], *code.input_names})),
        "tools": report["tools"],
        "files": list[JsonValue](file.as_posix() for file in code.files[:SHIPPED_FILES]),
    }
    return {"project": described, "outline": outline, "inputs": code.inputs}


def _stored_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "project"
