"""Handing traces on to other systems: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import httpx
import typer

from stepcrew_cli.errors import CliError, ServerTrouble
from stepcrew_cli.loopback_address import is_loopback
from stepcrew_cli.options import ExecutionId
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.text import safe
from stepcrew_cli.transport import Patience, Transport
from stepcrew_cli.writing import write_file

PROTOBUF = "application/x-protobuf"
"""Every collector has to take it; JSON it may refuse."""


def register(app: typer.Typer) -> None:
    app.command("export")(export)


@server_command
def export(
    call: Call,
    execution_id: ExecutionId,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: stdout.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Send it to this collector, such as http://localhost:4318: to URL/v1/traces."),
    ] = None,
    headers: Annotated[
        list[str] | None,
        typer.Option("--header", metavar="NAME: VALUE", help="A header for the collector, such as a key; repeatable."),
    ] = None,
) -> None:
    """Export the trace of an execution for OpenTelemetry, without prompts, answers and arguments: as OTLP JSON, or with
    --to as the protobuf that every collector takes."""
    sent = dict(_header(each) for each in headers or [])
    if to is not None:
        with call.client() as client:
            trace = client.otlp(execution_id, PROTOBUF)
        _send(to, trace.content, {"Content-Type": trace.headers["content-type"], **sent})
        call.output.note(f"The trace is at {to}.", "green")
        return
    with call.client() as client:
        body = client.otlp(execution_id).content
    if file is not None:
        write_file(file, body)
        print(file)
    else:
        print(safe(body.decode()), flush=True)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise CliError(f"{text!r} is no header.", remedy="Write it like 'Authorization: Bearer KEY'.")
    return name.strip(), value.strip()


def _send(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Sending the same trace again is harmless: its ids are the same."""
    try:
        client = httpx.Client(base_url=url, timeout=30, trust_env=not is_loopback(url))
    except httpx.InvalidURL as error:
        raise CliError(f"{url!r} is not a web address.") from error
    with client:
        collector = Transport(client, Patience(attempts=3))
        try:
            collector.request("POST", "v1/traces", content=body, headers=headers)
        except CliError as error:
            raise ServerTrouble(
                f"The collector did not take the trace: {error.message}",
                remedy="Is --to its address for OTLP over HTTP (often port 4318), and are its headers right?",
            ) from error
