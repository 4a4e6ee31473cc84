"""Options of the commands that deploy and remove functions."""

from __future__ import annotations

from typing import Annotated

import typer

Region = Annotated[str | None, typer.Option(help="AWS region of the platform. Default: as for any AWS tool.")]
AwsProfile = Annotated[str | None, typer.Option(help="Profile of your AWS configuration.", metavar="NAME")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Import and build everything and print what it is; store nothing.")
]
PlatformCrewai = Annotated[
    bool, typer.Option("--platform-crewai", help="Run it on the platform's CrewAI, whatever version it asks for.")
]
Parameter = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="On AWS: of the function's template, as MemorySize=3008. Repeatable."),
]
