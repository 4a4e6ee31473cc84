"""The names of the environment that a project reads, and what it finds there."""

from __future__ import annotations

from pathlib import Path

import pytest

from stepcrew_cli.deploying.environment import NO_KEY, inspect
from stepcrew_cli.deploying.finding import find_project
from stepcrew_reader.errors import CrewFileError
from tests.unit.cli.project_folders import FLOW, folder_of


def test_names_of_the_environment(tmp_path: Path) -> None:
    read = (
        "import os\nA = os.environ['OWN_KEY']\nB = os.getenv('OTHER')\nC = os.environ.get('lower')\nM = 'groq/llama3'\n"
    )
    root = folder_of(tmp_path, main_py=read + FLOW.format("One"))
    (root / ".env").write_text("# keys\nexport SERPER_API_KEY=value\nOTHER=x\n")
    names = find_project(root, None).environment
    assert names == ["GROQ_API_KEY", "OPENAI_API_KEY", "OTHER", "OWN_KEY", "SERPER_API_KEY"]


def test_names_that_the_code_takes_for_granted_are_told_with_their_places(tmp_path: Path) -> None:
    read = """
import os
A = os.environ["FIRST"]
B = os.environ["FIRST"], os.environ["BOTH"], os.environ["SET"], os.environ["LOOKED_FOR"], os.environ["GIVEN"]
os.environ["SET"] = "x"
os.environ.update({"GIVEN": "x"})
if "LOOKED_FOR" in os.environ:
    pass
try:
    C = os.environ["TRIED"]
except KeyError:
    C = require_env("ASKED")
"""
    root = folder_of(tmp_path, main_py=read + FLOW.format("One"), tools__web_py="import os\nD = os.getenv('BOTH')\n")
    assert find_project(root, None).needs == {"FIRST": "main.py:3", "ASKED": "main.py:12"}


def test_names_that_the_code_has_a_value_for_are_told_apart(tmp_path: Path) -> None:
    read = """
import os
A = int(os.getenv("AGE", "7")), os.getenv("LEVEL") or "INFO", os.environ.get("MODE", default="a"), os.getenv("NONE")
B = os.getenv("A_KEY", ""), os.getenv("BOTH", "x"), os.environ["BOTH"]
class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="APP_")
    port: int = 8000
    owner: str
    list_of: list[str] = Field(default_factory=list)
"""
    project = find_project(folder_of(tmp_path, main_py=read + FLOW.format("One")), None)
    assert project.defaulted == {"AGE", "LEVEL", "MODE", "APP_PORT"}
    assert {"APP_PORT", "APP_OWNER", "APP_LIST_OF"} < set(project.environment)


@pytest.mark.parametrize(
    ("written", "level", "told", "remedy"),
    [
        ("LEVEL = os.getenv('LEVEL', 'INFO')", "", "Abort: Install it? [y/N]", ""),
        ("LEVEL = os.environ['LEVEL']", NO_KEY, f"Abort: {NO_KEY}", "NAME=value stepcrew deploy"),
    ],
)
def test_what_a_project_finds_in_its_environment_while_it_is_inspected(
    tmp_path: Path, written: str, level: str, told: str, remedy: str
) -> None:
    root = folder_of(tmp_path / "project", main_py=f"import os\n{written}\n" + FLOW.format("One"))
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\necho "${LEVEL:-Install it? [y/N]}" >&2\n'
        'echo "$LEVEL" > "$HOME/level"\necho \'{"fault": "Abort: ", "file": "main.py", "line": 2}\'\n'
    )
    python.chmod(0o755)
    with pytest.raises(CrewFileError) as refused:
        inspect(find_project(root, None), python, tmp_path, {"HOME": str(tmp_path), "PATH": "/bin:/usr/bin"})
    assert (tmp_path / "level").read_text().strip() == level
    assert refused.value.message == f"main.py:2: {told}"
    assert remedy in refused.value.remedy


def test_files_that_may_hold_keys_are_told(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("One"))
    for name in ("prod.env", "example.env", "server.pem", "credentials.json", "keys.py", "service_account_2.json"):
        (root / name).touch()
    (note,) = find_project(root, None).notes
    assert "may hold keys: credentials.json, prod.env, server.pem, service_account_2.json. Secrets" in note


def test_names_that_helpers_are_given_are_read_too(tmp_path: Path) -> None:
    helpers = """
import os
def model(name, otherwise): return os.environ.get(name, otherwise)
class Settings:
    def must(self, label, name): return os.environ[name]
"""
    used = "A = model('WRITER_MODEL', 'x'), Settings().must('a key', 'SHOP_KEY'), print('NO_NAME')\n"
    root = folder_of(tmp_path, settings_py=helpers, main_py=used + FLOW.format("One"))
    project = find_project(root, None)
    assert project.environment == ["OPENAI_API_KEY", "SHOP_KEY", "WRITER_MODEL"]
    assert project.defaulted == {"WRITER_MODEL"}
