"""What an entry of a project makes: told by the inspection before it is deployed, and loaded where it runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from crewai import Crew

from stepcrew_runner.project.loading import EntryNotUsable, load_entry
from stepcrew_runner.project.scripts import Script

INSPECTOR = Path(__file__).parents[2] / "cli" / "stepcrew_cli" / "deploying" / "inspect_entry.py"
NEWSROOM = """
from crewai import Agent, Crew, Task
from crewai.project import CrewBase, agent, crew, task

@CrewBase
class Newsroom:
    @agent
    def writer(self) -> Agent:
        return Agent(role="Writer on {topic}", goal="g", backstory="b")

    @task
    def write(self) -> Task:
        return Task(description="Write.", expected_output="A text.", agent=self.writer())

    @crew
    def paper(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks, memory=MEMORY)
"""


def newsroom(folder: Path, *, memory: bool) -> Path:
    (folder / "newsroom.py").write_text(NEWSROOM.replace("MEMORY", str(memory)))
    return folder


def inspected(folder: Path, entry: str, kind: str = "--object") -> dict[str, Any]:
    command = [sys.executable, str(INSPECTOR), str(folder), entry, kind]
    done = subprocess.run(
        command,
        env={**os.environ, "OPENAI_API_KEY": "none", "CREWAI_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_a_crew_that_remembers_is_inspected_without_a_memory_to_keep_it_in(tmp_path: Path) -> None:
    report = inspected(newsroom(tmp_path, memory=True), "newsroom:Newsroom")
    assert (report["kind"], report["inputs"], len(report["tasks"])) == ("crew", ["topic"], 1)


def test_the_method_that_makes_the_crew_may_have_any_name(tmp_path: Path) -> None:
    made = load_entry("newsroom:Newsroom", newsroom(tmp_path, memory=False))
    assert isinstance(made, Crew)
    assert [one.role for one in made.agents] == ["Writer on {topic}"]


def test_a_project_is_loaded_while_a_module_imports_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As any thread may at that moment. Here it is a module that looks for its place only when asked for it."""

    class Late(ModuleType):
        def __getattribute__(self, name: str) -> Any:
            if name == "__file__":
                monkeypatch.setitem(sys.modules, "late_modules_own", ModuleType("late_modules_own"))
            return super().__getattribute__(name)

    monkeypatch.setitem(sys.modules, "late_module", Late("late_module"))
    assert isinstance(load_entry("newsroom:Newsroom", newsroom(tmp_path, memory=False)), Crew)
    assert "late_modules_own" in sys.modules


def test_the_parameters_of_a_function_that_is_run_are_inputs(tmp_path: Path) -> None:
    folder = newsroom(tmp_path, memory=False)
    (folder / "main.py").write_text("from newsroom import Newsroom\ndef run_crew(topic, pages=2):\n    pass\n")
    report = inspected(folder, "main:run_crew", "--script")
    assert (report["kind"], report["inputs"]) == ("script", ["pages", "topic"])


def test_a_script_that_asks_its_command_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import sys\ndef run():\n    sys.exit(2)\n")
    with pytest.raises(EntryNotUsable, match="main:run ended itself: 2; it may have asked for arguments"):
        asyncio.run(Script("main:run", tmp_path, {}, {}).run())
