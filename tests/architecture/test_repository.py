"""Rules about the files of the repository. The rules about imports are in pyproject.toml (`make check`)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
DOCUMENTS = [name for name in TRACKED if name.endswith(".md")]
MODULES = [name for name in TRACKED if name.endswith(".py") and not name.startswith("tests/")]
LONGEST_MODULE = 300


def test_no_module_is_longer_than_one_can_hold_in_the_head() -> None:
    long = {name: lines for name in MODULES if (lines := (ROOT / name).read_text().count("\n")) > LONGEST_MODULE}
    assert long == {}


def test_no_option_of_a_command_became_a_file() -> None:
    """A script that takes `--help` for the folder it writes to leaves one."""
    assert [name for name in TRACKED if any(part.startswith("-") for part in name.split("/"))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_points_only_at_what_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


def test_the_architecture_names_only_places_that_exist() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    table = text[text.index("I want to change X") :]
    places = [place for place in re.findall(r"`([^`]+)`", table) if "/" in place and " " not in place]
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_every_rule_of_aws_names_files_that_exist_and_none_is_without_a_source() -> None:
    """A file may be named by the end of its path, where no other file ends so."""
    rows = [line for line in (ROOT / "docs/aws.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 40
    assert [row for row in rows if len(re.split(r"(?<!`)\|(?!`)", row)) != 5] == []
    named = {name for row in rows for name in re.findall(r"`([\w./-]+\.(?:py|ts|yaml))`", row)}
    assert [name for name in sorted(named) if sum(f"/{each}".endswith(f"/{name}") for each in TRACKED) != 1] == []


def test_requirement_files_hold_versions_with_hashes_and_no_addresses() -> None:
    files = [name for name in TRACKED if re.search(r"(requirements|requirements/[a-z-]+)\.txt$", name)]
    # A project of the tests is laid out as people write theirs.
    pinned = [name for name in files if not name.endswith("-excluded.txt") and not name.startswith("tests/projects/")]
    assert len(pinned) >= 11
    for name in pinned:
        text = (ROOT / name).read_text()
        assert "://" not in text, name
        entries = re.split(r"\n(?=[^\s#])", text.strip())
        wrong = [entry.split()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
        assert wrong == [], name


def test_the_lock_file_of_the_console_holds_no_download_addresses() -> None:
    for name in TRACKED:
        if name.endswith("package-lock.json"):
            packages = json.loads((ROOT / name).read_text())["packages"]
            assert [key for key, entry in packages.items() if "://" in str(entry.get("resolved", ""))] == []


def test_the_openapi_document_has_every_shape_that_it_names() -> None:
    """The console's types are made from it; a shape that is missing there ends its build."""
    text = (ROOT / "docs/openapi.json").read_text()
    named = set(re.findall(r'"#/components/schemas/([^"/]+)"', text))
    assert named - json.loads(text)["components"]["schemas"].keys() == set()
