"""`stepcrew undeploy`: removes a stored crew, and the function of a project."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.client import Client
from stepcrew_cli.deploying.functions import OnAws, function_of, project
from stepcrew_cli.deploying.options import AwsProfile, Region
from stepcrew_cli.deploying.wire import FunctionPlace
from stepcrew_cli.errors import CliError
from stepcrew_cli.server_command import Call, server_command
from stepcrew_cli.trigger_wire import TriggerList


def register(app: typer.Typer) -> None:
    app.command("undeploy")(undeploy)


@server_command
def undeploy(
    call: Call,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name the crew is stored under.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also while executions of it are open: they fail when its function is gone.")
    ] = False,
    region: Region = None,
    aws_profile: AwsProfile = None,
) -> None:
    """Remove a stored crew with all its versions and aliases, and the function of a project. Executions stay.

    May be repeated, and goes on where an earlier call stopped.
    """
    with call.client() as client:
        place = _unneeded(client, name, force)
        tell = partial(call.output.note, style="dim")
        function = function_of(client, project(name), place.parameters, tell, OnAws(region, aws_profile))
        client.remove(api_path("crews", name))
        for trigger in client.triggers().read(TriggerList).triggers:
            if trigger.crew.partition("@")[0] == name:
                call.output.note(f"The trigger {trigger.name} names {trigger.crew}: it will find no crew.")
        # Between the first look and the removal more may have been submitted; now no more can be.
        _unneeded(client, name, force, "The crew is removed, its function not yet. ")
        removed = function.remove()
    told = f"{name} is removed{', with its function' if removed else ''}."
    call.output.done({"name": name, "function_removed": removed}, told)


def _unneeded(client: Client, name: str, force: bool, so_far: str = "") -> FunctionPlace:
    place = project(name).function_place(client)
    if place.open_executions and not force:
        some = ", ".join(place.open_executions[:3]) + (" …" if len(place.open_executions) > 3 else "")
        raise CliError(
            f"{so_far}Executions of {name} have not ended: {some}",
            remedy="Wait for them, or cancel them, and repeat this; or give --force.",
        )
    return place
