"""The help of every command, as it is shown on a terminal of usual width."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import typer
from typer.testing import CliRunner

from stepcrew_cli.app import app
from stepcrew_cli.version import __version__

pytestmark = pytest.mark.slow


def paths(group: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words that lead to every command and every group of commands."""
    yield path
    for command in group.registered_commands:
        assert command.name
        yield (*path, command.name)
    for below in group.registered_groups:
        assert below.typer_instance
        name = below.name or below.typer_instance.info.name
        assert isinstance(name, str)
        yield from paths(below.typer_instance, (*path, name))


ALL = [*paths(app)]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_no_help_text_is_cut(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0, shown.output
    assert "…" not in shown.stdout
    assert not re.search(r"[A-Za-z,;]\.\.\.", shown.stdout.replace("GROUP...", "").replace("FILE...", ""))


def test_every_command_says_what_it_does_in_its_list() -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).stdout
    rows = shown.partition("Commands:")[2]
    assert {line.split()[0] for line in rows.splitlines() if line.startswith("  ") and line[2] != " "} == {
        path[0] for path in ALL if path
    }


def test_the_version_is_printed_alone() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"stepcrew {__version__}\n"
