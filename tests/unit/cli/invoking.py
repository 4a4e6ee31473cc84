from __future__ import annotations

from typer.testing import CliRunner, Result

from stepcrew_cli.app import app
from tests.unit.cli.fake_api import FakeApi


def invoke(api: FakeApi, *arguments: str, typed: str = "") -> Result:
    """The command line, used on this server by somebody who types this text."""
    return CliRunner().invoke(app, arguments, input=typed, env={"STEPCREW_URL": api.url, "COLUMNS": "200"})
