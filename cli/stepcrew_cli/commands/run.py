"""`stepcrew run`: submits a crew."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, cast

import typer

from stepcrew_cli.answer import Answer
from stepcrew_cli.client import Client
from stepcrew_cli.commands.deploy import deploy_project
from stepcrew_cli.crew_input import load_crew
from stepcrew_cli.deploying.finding import has_code
from stepcrew_cli.errors import CliError
from stepcrew_cli.knowledge_folder import upload_knowledge
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.options import MaxCostUsd, MaxModelCalls, MaxTokens, Output, TimeoutSeconds, Watching
from stepcrew_cli.run_request import RunOptions, parse_input, request_body
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.unused_inputs import placeholders, refuse_unused
from stepcrew_cli.watching import watch
from stepcrew_cli.wire import StoredCrewDocument, Submitted
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.crewai_flow import is_flow, state_names
from stepcrew_reader.documents import Document
from stepcrew_reader.errors import CrewFileError


def register(app: typer.Typer) -> None:
    app.command("run")(run)


@server_command
def run(
    call: Call,
    crew: Annotated[
        str | None,
        typer.Argument(metavar="[CREW]", help="Crew file, CrewAI project folder, or the name of an example."),
    ] = None,
    stored: Annotated[
        str | None,
        typer.Option("--crew", metavar="NAME[@VERSION]", help="Run this crew that the group keeps, in place of CREW."),
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NAME=TEXT",
            help="An input of the crew: NAME=TEXT, or NAME:=JSON for a number, a list or an object. Repeatable.",
        ),
    ] = None,
    inputs_file: Annotated[Path | None, typer.Option(help="A JSON or YAML file with inputs.")] = None,
    watching: Watching = False,
    name: Annotated[str | None, typer.Option(help="Name of the execution.")] = None,
    model: Annotated[str | None, typer.Option(help="Model for every agent that names none, as provider/model.")] = None,
    timeout_seconds: TimeoutSeconds = None,
    max_tokens: MaxTokens = None,
    max_cost_usd: MaxCostUsd = None,
    max_model_calls: MaxModelCalls = None,
    on_budget: Annotated[
        str | None,
        typer.Option(
            metavar="fail|ask", help="What happens when one of these limits is reached: fail, or ask a person for more."
        ),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(help="A key of your choice: two runs with the same key start one execution. Default: a new key."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and print what would run, without starting it.")
    ] = False,
) -> None:
    """Run a crew: one from a file or a folder, an example, or one that the group keeps (--crew)."""
    limits: Document = {
        "timeout_seconds": timeout_seconds,
        "max_tokens": max_tokens,
        "max_cost_usd": max_cost_usd,
        "max_model_calls": max_model_calls,
        "on_budget": on_budget,
    }
    source = None
    if crew is not None and stored is None:
        source = _definition(crew)
        if source is None:
            stored, crew = _deployed(call, Path(crew), dry_run), None
    source = source or _stored(crew, stored, model)
    for note in source.notes:
        call.output.note(note)
    with call.client() as client:
        coming = upload_knowledge(client, call.output, source, dry_run=dry_run)
        body = request_body(source.body, RunOptions(inputs or (), inputs_file, name, model, limits))
        _check_inputs(client, source, stored, inputs or [])
        if dry_run:
            call.output.json(client.dry_run(body, coming).data)
            return
        answer = client.submit(body, idempotency_key or str(uuid.uuid4()))
        code = started(client, call.output, answer, watching)
    raise typer.Exit(code)


def _definition(crew: str) -> CrewSource | None:
    """The crew as a definition; None for Python that none can carry: a flow, or a crew with code of its own. Raises
    CrewFileError for what is neither."""
    path = Path(crew)
    brings_code = path.exists() and has_code(path)
    try:
        source = load_crew(crew)
    except CrewFileError:
        if brings_code:
            return None
        raise
    return None if brings_code and source.needs_code else source


def _deployed(call: Call, path: Path, dry_run: bool) -> str:
    """The stored crew's `name@version`. On the local stack a project is deployed on the way; elsewhere a function is
    made of it, which is nothing to do unasked."""
    target = call.target()
    if not is_loopback(target.url):
        raise CrewFileError(
            f"{path} has Python of its own, which runs in a function of its own.",
            remedy=f"Deploy it first: stepcrew deploy {path}. Then: stepcrew run --crew NAME.",
        )
    with call.client() as client:
        made = deploy_project(client, call.output, path, dry_run=dry_run)
    if made is None:
        raise typer.Exit(0)
    return f"{made.name}@{made.version}"


def _check_inputs(client: Client, source: CrewSource, stored: str | None, inputs: list[str]) -> None:
    """Refuses an input of the command line that the crew has no place for."""
    given = [parse_input(each)[0] for each in inputs]
    if not given:
        return
    if stored is not None:
        known = client.crew(stored).read(StoredCrewDocument)
        refuse_unused(given, known.placeholders, known.inputs)
        return
    config = source.body.get("config")
    inside: Document = cast(Document, config) if isinstance(config, dict) else {}
    own = {**cast(Document, source.body.get("inputs") or {}), **cast(Document, inside.get("inputs") or {})}
    refuse_unused(given, state_names(inside) if is_flow(inside) else placeholders(inside), own)


def _stored(crew: str | None, stored: str | None, model: str | None) -> CrewSource:
    """The stored crew that was named."""
    if stored is None:
        raise CliError("No crew was named.", remedy="Name a file, a folder or an example, or --crew NAME.")
    if crew is not None:
        raise CliError("Two crews were named: CREW and --crew NAME.")
    if model is not None:
        raise CliError("A stored crew is run with its own model.", remedy="Store it with another: stepcrew save.")
    return CrewSource({"crew": stored}, stored)


def started(client: Client, output: Output, answer: Answer, watching: bool) -> int:
    """Tells of an execution that was started, or shows it until it ends. Answers the exit code."""
    submitted = answer.read(Submitted)
    if submitted.replayed:
        output.note(f"An earlier request with this key started {submitted.execution_id}; nothing new was started.")
    if watching:
        output.note(f"Execution {submitted.execution_id}", "dim")
        return watch(client, submitted.execution_id, output)
    if output.as_json:
        output.json(answer.data)
    else:
        print(submitted.execution_id)
        output.note(f"To follow it: stepcrew watch {submitted.execution_id}", "dim")
    return 0
