"""`stepcrew deploy`: makes a stored crew of a CrewAI project with its own Python."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NamedTuple, cast

import typer
from pydantic import JsonValue

from stepcrew_cli.client import Client
from stepcrew_cli.deploying.bundle import make_bundle
from stepcrew_cli.deploying.environment import Packages, inspect
from stepcrew_cli.deploying.environment_names import SECRET
from stepcrew_cli.deploying.finding import Project, find_project
from stepcrew_cli.deploying.functions import NOTHING_CHOSEN, OnAws, function_of
from stepcrew_cli.deploying.wire import BundleUpload, DeployedCrew, ProjectRuntime
from stepcrew_cli.errors import CliError, CrewFileError, Rejected
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.wire import StoredCrew

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepcrew"
SHIPPED_FILES = 200
NOT_FOUND = 404

Region = Annotated[str | None, typer.Option(help="AWS region of the platform. Default: as for any AWS tool.")]
AwsProfile = Annotated[str | None, typer.Option(help="Profile of your AWS configuration.", metavar="NAME")]


class Built(NamedTuple):
    """A project as it would be stored."""

    project: Project
    report: dict[str, Any]
    packages: list[str]
    content: bytes
    digest: str


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
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Import and build everything and print what it is; store nothing.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option("--check", help="As --dry-run, with any role and without AWS, and tell whether it is deployed."),
    ] = False,
    platform_crewai: Annotated[
        bool, typer.Option("--platform-crewai", help="Run it on the platform's CrewAI, whatever version it asks for.")
    ] = False,
    region: Region = None,
    aws_profile: AwsProfile = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="On AWS: of projects/template.yaml, as MemorySize=3008. Repeatable."),
    ] = None,
) -> None:
    """Deploy a CrewAI project, crew or flow, with its own Python. Deploying the same content again changes nothing.

    On the local stack it runs at once. On AWS its function is made with CloudFormation and your AWS credentials.
    """
    if version is not None and (name or entry or dry_run or check or platform_crewai or parameter):
        raise CliError("With --version only the crew's name is given, and --alias.", remedy="stepcrew deploy --help")
    if alias is not None and (dry_run or check):
        raise CliError("--alias goes with neither --dry-run nor --check: nothing is deployed.")
    aws = OnAws(region, aws_profile, _parameters(parameter or []))
    with call.client() as client:
        if version is not None:
            stored = client.roll_back(path, version).read(StoredCrew)
        elif check:
            check_project(client, call.output, Path(path), name, entry, platform_crewai)
            return
        else:
            made = deploy_project(client, call.output, Path(path), name, entry, dry_run, platform_crewai, aws)
            if made is None:
                return
            stored = made
        if alias is not None:
            client.move_alias(stored.name, alias, stored.version)
    if call.output.as_json:
        call.output.json(stored.model_dump(mode="json"))
        return
    print(f"{stored.name}@{stored.version}")
    call.output.note(f"Run it with: stepcrew run --crew {stored.name}{f'@{alias}' if alias else ''}", "dim")


def _parameters(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    if wrong := next((name for name, equals, _ in pairs if not (name and equals)), None):
        raise CliError(f"--parameter {wrong} has no value.", remedy="Give --parameter NAME=VALUE.")
    return {name: value for name, _, value in pairs}


def build_project(client: Client, output: Output, path: Path, entry: str | None, platform_crewai: bool) -> Built:
    """Everything that needs no right on the server: found, resolved, imported, built and told."""
    if not path.exists():
        raise CrewFileError(f"There is no {path}.")
    project = find_project(path, entry)
    runtime = client.project_runtime().read(ProjectRuntime)
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder) / "packages"
        packages.mkdir()
        installer = Packages(runtime, CACHE)
        needed = installer.resolve(project, any_crewai=platform_crewai)
        installer.install(needed, packages)
        report = inspect(project, installer.python(), packages, os.environ)
        content = make_bundle(project, packages)
    _tell(output, project, report, needed, len(content))
    return Built(project, report, needed, content, hashlib.sha256(content).hexdigest())


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
    upload = client.upload_bundle(stored_name, built.digest).read(BundleUpload)
    function = function_of(client, stored_name, upload.parameters, partial(output.note, style="dim"), aws)
    if dry_run:
        changes = function.plan()
        for line in changes:
            output.note(line, "dim")
        if output.as_json:
            output.json(_as_json(built, {"function_changes": list[JsonValue](changes)}))
        return None
    if not upload.stored:
        client.upload(upload.url or "", upload.headers, built.content)
    body = _body(built, function.put())
    return client.store_project(stored_name, body).read(StoredCrew)


def check_project(
    client: Client, output: Output, path: Path, name: str | None, entry: str | None, platform_crewai: bool
) -> None:
    """Raises CliError with every fault that a deployment would have. Tells whether it would make a new version."""
    built = build_project(client, output, path, entry, platform_crewai)
    stored_name = _stored_name(name or built.project.name)
    stored = _stored(client, stored_name)
    latest = stored.project if stored else None
    same = latest is not None and (latest.bundle, latest.entry) == (built.digest, built.project.entry)
    if output.as_json:
        output.json(_as_json(built, {"name": stored_name, "deployed": same}))
    elif stored is not None and same:
        output.note(f"{stored_name}@{stored.version} is this very content.", "green")
    else:
        output.note(f"Sound. Deploying it makes {stored_name}@{stored.version + 1 if stored else 1}.", "green")


def _stored(client: Client, name: str) -> DeployedCrew | None:
    try:
        return client.crew(name).read(DeployedCrew)
    except Rejected as refused:
        if refused.problem.status != NOT_FOUND:
            raise
        return None


def _as_json(built: Built, more: dict[str, JsonValue]) -> JsonValue:
    told = {"entry": built.project.entry, "bundle": built.digest, "packages": built.packages, **built.report}
    return cast(JsonValue, {**told, **more})


def _tell(output: Output, project: Project, report: dict[str, Any], needed: list[str], size: int) -> None:
    parts = [f"{report['kind']} {project.entry}"]
    if report["agents"]:
        parts.append(f"{len(report['agents'])} agents, {len(report['tasks'])} tasks")
    for label, names in (
        ("inputs", report["inputs"]),
        ("tools", report["tools"]),
        ("reads", _environment(project, report)),
    ):
        if names:
            parts.append(f"{label}: {', '.join(names)}")
    parts.append(f"{len(project.files)} files, {len(needed)} packages of its own, {size / 1e6:.1f} MB")
    output.note("; ".join(parts), "dim")


def _body(built: Built, function: str) -> dict[str, JsonValue]:
    project, report = built.project, built.report
    outline: dict[str, JsonValue] = {
        "name": project.name,
        "agents": report["agents"],
        "tasks": [{key: value for key, value in task.items() if value is not None} for task in report["tasks"]],
    }
    if report.get("process") == "hierarchical":
        outline["process"] = "hierarchical"
    described: dict[str, JsonValue] = {
        "bundle": built.digest,
        "entry": project.entry,
        "kind": report["kind"],
        "function": function,
        "environment": list[JsonValue](_environment(project, report)),
        "inputs": report["inputs"],
        "tools": report["tools"],
        "files": list[JsonValue](file.as_posix() for file in project.files[:SHIPPED_FILES]),
    }
    return {"project": described, "outline": outline, "inputs": project.inputs}


def _environment(project: Project, report: dict[str, Any]) -> list[str]:
    """Names that the code reads, and those that its tools say they need."""
    return sorted({*project.environment, *(name for name in report["environment"] if SECRET.match(name))})


def _stored_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "project"
