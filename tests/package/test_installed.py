"""The command line as a package: built, and installed where nothing of the checkout is."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from stepcrew_cli.version import __version__
from stepcrew_local.layout import ROOT
from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi, serving

UV = ROOT / ".venvs/uv/bin/uv"
SHELLS = {"bash": "complete -o", "zsh": "#compdef stepcrew", "fish": "complete --command stepcrew"}
"""What a script for the shell must hold."""


def uv(*arguments: str | Path, **environment: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")}
    settings = {**kept, "UV_SYSTEM_CERTS": "1", "UV_NO_PROGRESS": "1", **environment}
    done = subprocess.run([UV, *arguments], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=170)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By way of the source distribution, which must be enough to build it."""
    folder = tmp_path_factory.mktemp("built")
    uv("build", "-q", "cli", "-o", folder)
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `stepcrew` of a fresh tool environment."""
    folder = tmp_path_factory.mktemp("tools")
    uv("tool", "install", "-q", wheel, UV_TOOL_DIR=str(folder / "tools"), UV_TOOL_BIN_DIR=str(folder / "bin"))
    return folder / "bin/stepcrew"


def run(program: Path, *arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", **environment}
    return subprocess.run(
        [program, *arguments], cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_package_says_its_version(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "--version", folder=tmp_path).stdout == f"stepcrew {__version__}\n"


def test_the_examples_come_along(installed: Path, tmp_path: Path) -> None:
    names = run(installed, "examples", folder=tmp_path).stdout.split()
    assert names == sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())
    with serving(FakeApi()) as api:
        port = api.url.rpartition(":")[2]
        for name in names:
            started = run(installed, "run", name, folder=tmp_path, STEPCREW_PORT=port)
            assert started.stdout == f"{EXECUTION_ID}\n", started.stderr


def test_the_local_stack_is_said_to_be_in_the_repository(installed: Path, tmp_path: Path) -> None:
    started = run(installed, "up", folder=tmp_path)
    assert started.returncode == 2
    assert "Clone the repository" in started.stderr


def test_administering_needs_the_extra_and_says_so(installed: Path, tmp_path: Path) -> None:
    listed = run(installed, "admin", "users", "list", folder=tmp_path)
    assert listed.returncode == 2
    assert "stepcrew-cli[admin]" in listed.stderr


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_completes_commands_and_profiles(installed: Path, tmp_path: Path, shell: str) -> None:
    # A user runs it in the shell itself, which is then detected; here the shell is named.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = run(installed, "--show-completion", shell, folder=tmp_path, **named)
    assert SHELLS[shell] in script.stdout, script.stderr
    assert "_STEPCREW_COMPLETE" in script.stdout
    (tmp_path / "prod.json").touch()
    line = "stepcrew list --profile p"
    words = {
        "bash": {"COMP_WORDS": line, "COMP_CWORD": "3"},
        "zsh": {"_TYPER_COMPLETE_ARGS": line},
        "fish": {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
    }[shell]
    asked = {"_STEPCREW_COMPLETE": f"complete_{shell}", "STEPCREW_CONFIG_DIR": str(tmp_path), **words}
    assert "prod" in run(installed, folder=tmp_path, **asked).stdout


def test_a_checkout_builds_the_same_package_as_its_source_distribution(wheel: Path, tmp_path: Path) -> None:
    uv("build", "-q", "--wheel", "cli", "-o", tmp_path)
    [direct] = tmp_path.glob("*.whl")
    assert _contents(direct) == _contents(wheel)


def _contents(wheel: Path) -> dict[str, list[bytes]]:
    """The lines of each file; those of the list of files, which is in the order in which they were found, sorted."""
    with zipfile.ZipFile(wheel) as archive:
        lines = {name: archive.read(name).splitlines() for name in archive.namelist()}
    return {name: sorted(those) if name.endswith(".dist-info/RECORD") else those for name, those in lines.items()}
