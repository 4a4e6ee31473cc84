"""The packages of the runner's image, made from its requirement file by scripts/runner_packages.py."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("runner_packages.txt")


def lines() -> list[str]:
    """Each as `name==version`."""
    return FILE.read_text().splitlines()
