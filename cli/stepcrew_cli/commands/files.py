"""Commands for the group's files: files list, put, get, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from stepcrew_cli.errors import CliError
from stepcrew_cli.file_wire import File, FileList, FileReceipt
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.summary import moment
from stepcrew_cli.tables import table_of
from stepcrew_cli.text import plain
from stepcrew_cli.writing import write_file

Name = Annotated[str, typer.Argument(metavar="NAME", help="The file's name.")]

files = typer.Typer(name="files", help="Files of the group, for its crews to read.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(files)


@files.command("list")
@server_command
def list_files(call: Call) -> None:
    """List the group's files."""
    with call.client() as client:
        answer = client.files.list()
    call.output.show(answer, FileList, _table)


@files.command("put")
@server_command
def put(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The file to upload.")],
    name: Annotated[str | None, typer.Option(help="Another name than the file's own.")] = None,
    embedder: Annotated[
        str | None, typer.Option(help="Embedding model of its chunks, as provider/model. Default: the operator's.")
    ] = None,
) -> None:
    """Upload a file, or replace the one of that name, and have it read. What is there already is not sent again."""
    with call.client() as client:
        answer = client.files.put(name or file.name, _content(file), embedder)
    call.output.show(answer, File, _kept)


@files.command("get")
@server_command
def get(
    call: Call,
    name: Name,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: NAME.")
    ] = None,
) -> None:
    """Download a file."""
    path = file or Path(Path(name).name)
    with call.client() as client:
        content = client.files.content(name)
    write_file(path, content)
    if call.output.as_json:
        call.output.json({"file": str(path), "bytes": len(content)})
    else:
        print(path)


@files.command("remove")
@server_command
def remove(call: Call, name: Name) -> None:
    """Remove a file for good. Crews that name it find it no more."""
    with call.client() as client:
        answer = client.files.remove(name)
    call.output.show(answer, FileReceipt, lambda receipt: f"Removed {receipt.bytes:,} bytes of {receipt.name}.")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error.strerror}.") from error


def _kept(file: File) -> str:
    return f"{file.name} is kept: {file.bytes:,} bytes, {file.media_type}. {_state(file)}"


def _state(file: File) -> str:
    if file.state == "ready" and file.chunks:
        return f"Ready, {file.chunks:,} chunks."
    return f"{file.state.capitalize()}: {file.reason}" if file.reason else f"{file.state.capitalize()}."


def _table(found: FileList) -> Table:
    columns = ("Name", "Bytes", "Kind", "Uploaded", "SHA-256", "State")
    table = table_of(*columns, wrapped=("Name", "State"), right=("Bytes",))
    for each in found.files:
        uploaded = moment(each.uploaded_at) if each.uploaded_at else ""
        table.add_row(
            plain(each.name), f"{each.bytes:,}", plain(each.media_type), uploaded, each.sha256[:12], _state(each)
        )
    return table
