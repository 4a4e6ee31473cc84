"""Commands for crews that the group keeps under names: crews, save, alias."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table

from stepcrew_cli.alias_wire import AliasList, CrewAlias
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.crew_input import load_telling
from stepcrew_cli.errors import CliError
from stepcrew_cli.knowledge_folder import upload_knowledge
from stepcrew_cli.options import Cursor, Limit, page
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.wire import StoredCrew, StoredCrewList
from stepcrew_reader.crew_source import CrewSource, dated
from stepcrew_reader.documents import Document


def register(app: typer.Typer) -> None:
    for command in (save, crews, alias):
        app.command(command.__name__)(command)


@server_command
def save(
    call: Call,
    crew: Annotated[
        str, typer.Argument(metavar="CREW", help="Crew file, CrewAI project folder, or the name of an example.")
    ],
    name: Annotated[str | None, typer.Option(help="The name to store it under. Default: the crew's own.")] = None,
) -> None:
    """Store a crew in the group under a name, to be run with `run --crew NAME`. Each change makes a new version."""
    source = load_telling(crew, call.output.note)
    for each in source.of_today:
        call.output.note(dated(each, source.body["inputs"][each]))
    if source.body.get("limits"):
        call.output.note("Limits are not stored with a crew: give them with each run.")
    with call.client() as client:
        upload_knowledge(client, call.output, source)
        body = {key: source.body[key] for key in ("config", "inputs") if source.body.get(key) is not None}
        answer = client.store_crew(name or name_for(source, crew), body)
    stored = answer.read(StoredCrew)
    if call.output.as_json:
        call.output.json(answer.data)
    else:
        print(f"{stored.name}@{stored.version}")
        call.output.note(f"Run it with: stepcrew run --crew {stored.name}", "dim")


def name_for(source: CrewSource, target: str) -> str:
    """The crew's own name, else its file's or folder's, with a dash for what a stored crew's name may not have."""
    config = source.body.get("config")
    own = source.body.get("name") or (cast(Document, config).get("name") if isinstance(config, dict) else None)
    path = Path(target).resolve()
    fallback = path.parent.name if path.stem == "crew" else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(own or fallback)).strip("-._")[:100] or "crew"


@server_command
def crews(
    call: Call,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> None:
    """List the crews that are stored in the group, by name."""
    with call.client() as client:
        answer = client.crews(page(limit, cursor))
    if found := call.output.show(answer, StoredCrewList, _table):
        call.output.more("crews", found.next_cursor)


def _table(found: StoredCrewList) -> Table:
    table = table_of("Name", "Version", "Tasks", "Agents", "Stored", "By")
    for each in found.crews:
        counts = str(each.version), str(each.tasks), str(each.agents)
        stored = moment(each.updated_at) if each.updated_at else ""
        table.add_row(plain(each.name), *counts, stored, plain(each.updated_by or ""))
    return table


@server_command
def alias(
    call: Call,
    reference: Annotated[
        str, typer.Argument(metavar="NAME[@ALIAS]", help="A stored crew; with @ALIAS, one of its aliases.")
    ],
    version: Annotated[
        int | None, typer.Argument(min=1, help="The version it is to stand for. Default: the latest.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the alias.")] = False,
) -> None:
    """Let an alias of a stored crew stand for a version: `alias report@prod 3`. Without @ALIAS, list them.

    What names the crew by it (`run --crew report@prod`, triggers) uses that version from then on.
    """
    name, at, wanted = reference.partition("@")
    if not name or (at and not wanted):
        raise CliError(f"{reference!r} names no crew and alias.", remedy="Give NAME@ALIAS, or NAME to list them.")
    if (remove or version is not None) and not wanted:
        raise CliError("Which alias?", remedy=f"Give {name}@ALIAS.")
    if remove and version is not None:
        raise CliError("Give a version or --remove, not both.")
    place = api_path("crews", name, "aliases", wanted)
    with call.client() as client:
        if not wanted:
            answer = client.ask("GET", api_path("crews", name, "aliases"))
            call.output.show(answer, AliasList, partial(_aliases, name))
        elif remove:
            client.remove(place)
            call.output.note(f"{reference} is removed.", "green")
        else:
            answer = client.ask("PUT", place, {"version": version} if version else {})
            call.output.show(answer, CrewAlias, lambda moved: f"{reference} is {name}@{moved.version}.")


def _aliases(name: str, found: AliasList) -> Table:
    table = table_of("Alias", "Version", "Moved", "By")
    for each in found.aliases:
        moved = moment(each.moved_at) if each.moved_at else ""
        table.add_row(plain(f"{name}@{each.alias}"), str(each.version), moved, plain(each.moved_by or ""))
    return table
