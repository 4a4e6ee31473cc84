"""`stepcrew deploy`: makes a stored crew of a CrewAI project with its own Python."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import JsonValue

from stepcrew_cli.client import Client
from stepcrew_cli.deploying.bundle import make_bundle
from stepcrew_cli.deploying.environment import Packages, inspect
from stepcrew_cli.deploying.environment_names import SECRET
from stepcrew_cli.deploying.finding import Project, find_project
from stepcrew_cli.deploying.wire import BundleUpload, DeployedFunction, ProjectRuntime
from stepcrew_cli.errors import CliError, CrewFileError
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.options import Output
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.wire import StoredCrew

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepcrew"
SHIPPED_FILES = 200


def register(app: typer.Typer) -> None:
    app.command("deploy")(deploy)


@server_command
def deploy(
    call: Call,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="CrewAI project folder, or a Python file.")],
    name: Annotated[str | None, typer.Option(help="The name to store it under. Default: the project's own.")] = None,
    entry: Annotated[
        str | None, typer.Option(metavar="MODULE:OBJECT", help="What is run, where the project has several crews.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Import and build everything and print what it is; store nothing.")
    ] = False,
    platform_crewai: Annotated[
        bool, typer.Option("--platform-crewai", help="Run it on the platform's CrewAI, whatever version it asks for.")
    ] = False,
) -> None:
    """Deploy a CrewAI project, crew or flow, with its own Python. Deploying the same content again changes nothing."""
    with call.client() as client:
        stored = deploy_project(client, call.output, path, name, entry, dry_run, platform_crewai)
    if stored is not None and call.output.as_json:
        call.output.json(stored.model_dump(mode="json"))
    elif stored is not None:
        print(f"{stored.name}@{stored.version}")
        call.output.note(f"Run it with: stepcrew run --crew {stored.name}", "dim")


def deploy_project(
    client: Client,
    output: Output,
    path: Path,
    name: str | None = None,
    entry: str | None = None,
    dry_run: bool = False,
    platform_crewai: bool = False,
) -> StoredCrew | None:
    """Everything from the folder to the stored crew; None after a dry run."""
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
    digest = hashlib.sha256(content).hexdigest()
    _tell(output, project, report, needed, len(content))
    if dry_run:
        if output.as_json:
            output.json(cast(JsonValue, {"entry": project.entry, "bundle": digest, "packages": needed, **report}))
        return None
    stored_name = _stored_name(name or project.name)
    upload = client.upload_bundle(stored_name, digest).read(BundleUpload)
    if not upload.stored:
        client.upload(upload.url or "", upload.headers, content)
    if not is_loopback(client.url):
        given = " ".join(f"{key}={value}" for key, value in upload.parameters.items())
        raise CliError(
            f"The bundle {digest} is uploaded; its function is not made from here.",
            remedy=f"Deploy projects/template.yaml with {given} and the outputs of the platform's stack, then store "
            "the version with PUT /api/v1/projects/NAME (docs/projects.md).",
        )
    function = client.deploy_locally(stored_name, digest).read(DeployedFunction).function
    body = _body(project, report, digest, function)
    return client.store_project(stored_name, body).read(StoredCrew)


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


def _body(project: Project, report: dict[str, Any], digest: str, function: str) -> dict[str, JsonValue]:
    outline: dict[str, JsonValue] = {
        "name": project.name,
        "agents": report["agents"],
        "tasks": [{key: value for key, value in task.items() if value is not None} for task in report["tasks"]],
    }
    if report.get("process") == "hierarchical":
        outline["process"] = "hierarchical"
    described: dict[str, JsonValue] = {
        "bundle": digest,
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
