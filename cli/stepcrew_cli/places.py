"""Where things lie: in a checkout beside this package, after an installation inside it."""

from __future__ import annotations

from pathlib import Path

from stepcrew_cli.errors import CliError

_PACKAGE = Path(__file__).resolve().parent
REPOSITORY = _PACKAGE.parents[1]
"""The checkout's folder, where there is one."""


def checkout() -> Path | None:
    """The folder of the repository; None for an installed command line."""
    return REPOSITORY if (REPOSITORY / "local" / "stepcrew_local").is_dir() else None


def python_of(environment: str, what: str) -> Path:
    """The interpreter of one of the checkout's environments; `what` is in it. Raises CliError when there is none."""
    root = checkout()
    if root is None:
        raise CliError(
            f"{what} is part of Stepcrew's repository, and this command line was installed without it.",
            remedy="Clone the repository and run ./stepcrew there.",
        )
    python = root / ".venvs" / environment / "bin" / "python"
    if not python.is_file():
        raise CliError(f"{what} is not set up.", remedy=f"Run `make setup` in {root} first.")
    return python


def function_templates() -> Path:
    """The folder of the CloudFormation templates of functions that are deployed from here."""
    return _beside_or_inside("projects")


def examples_folder() -> Path:
    return _beside_or_inside("examples")


def _beside_or_inside(name: str) -> Path:
    packaged = _PACKAGE / name
    return packaged if packaged.is_dir() else REPOSITORY / name
