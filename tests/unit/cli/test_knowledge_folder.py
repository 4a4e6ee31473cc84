"""What a crew knows of files below its project's `knowledge/` folder goes along when it is run or stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli.crew_input import load_crew
from stepcrew_cli.knowledge_folder import knowledge_files
from stepcrew_reader.errors import CrewFileError
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.invoking import invoke

CREW = """
from crewai import Agent, Crew, Task
from crewai.knowledge.source.pdf_knowledge_source import PDFKnowledgeSource
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.knowledge.source.text_file_knowledge_source import TextFileKnowledgeSource

PATHS = ["facts.txt", "more/rules.txt"]
agent = Agent(role="R", goal="G", backstory="B", knowledge_sources=[PDFKnowledgeSource(file_paths="law.pdf")])
task = Task(description="Say", expected_output="It", agent=agent)
crew = Crew(
    agents=[agent],
    tasks=[task],
    knowledge_sources=[TextFileKnowledgeSource(file_paths=PATHS), StringKnowledgeSource(content="Closed on Mondays.")],
)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "knowledge/more").mkdir(parents=True)
    for name in ("facts.txt", "more/rules.txt", "law.pdf", "unnamed.txt"):
        (tmp_path / "knowledge" / name).write_text(f"What {name} says")
    (tmp_path / "crew.py").write_text(CREW)
    return tmp_path


def names_put(api: FakeApi) -> set[str]:
    return {seen.path.rpartition("/")[2] for seen in api.seen if seen.method == "PUT" and "/files/" in seen.path}


def test_sources_of_crewais_classes_are_read_and_name_files_without_a_folder(project: Path) -> None:
    source = load_crew(str(project))
    assert source.notes == []
    files = knowledge_files(source)
    assert files == {
        "facts.txt": project / "knowledge/facts.txt",
        "rules.txt": project / "knowledge/more/rules.txt",
        "law.pdf": project / "knowledge/law.pdf",
    }
    config: dict[str, Any] = source.body["config"]
    assert config["knowledge_sources"] == [{"file": "facts.txt"}, {"file": "rules.txt"}, {"text": "Closed on Mondays."}]
    (agent,) = config["agents"].values()
    assert agent["knowledge_sources"] == [{"file": "law.pdf"}]


def test_they_are_uploaded_when_the_crew_is_run_and_only_those_it_names(api: FakeApi, project: Path) -> None:
    result = invoke(api, "run", str(project))
    assert result.exit_code == 0, result.output
    assert names_put(api) == {"facts.txt", "rules.txt", "law.pdf"}
    assert "knowledge/facts.txt replaces the group's file facts.txt." in result.stderr
    assert "knowledge/law.pdf becomes the group's file law.pdf." in result.stderr


def test_what_the_group_has_is_not_uploaded_again(api: FakeApi, project: Path) -> None:
    for name in ("facts.txt", "more/rules.txt", "law.pdf"):
        path = project / "knowledge" / name
        api.files[path.name] = path.read_bytes()
    result = invoke(api, "save", str(project))
    assert result.exit_code == 0, result.output
    assert names_put(api) == set()
    assert "group's file" not in result.stderr


def test_a_dry_run_uploads_nothing(api: FakeApi, project: Path) -> None:
    result = invoke(api, "run", str(project), "--dry-run")
    assert result.exit_code == 0, result.output
    assert names_put(api) == set()
    assert "knowledge/law.pdf will be uploaded when it is run." in result.stderr
    (asked,) = [seen.path for seen in api.seen if seen.path.startswith("/api/v1/executions?")]
    assert asked.endswith("?dry_run=true&coming=facts.txt&coming=rules.txt&coming=law.pdf")


def test_a_definition_names_files_of_the_folder_beside_it(api: FakeApi, project: Path) -> None:
    (project / "crew.py").unlink()
    (project / "crew.yaml").write_text(
        "agents: {a: {role: R, goal: G, backstory: B}}\n"
        "tasks: [{name: t, description: D, expected_output: E, agent: a}]\n"
        "knowledge_sources: [{file: law.pdf}, {file: of-the-group.pdf}, {file: ../crew.yaml}]\n"
    )
    assert list(knowledge_files(load_crew(str(project)))) == ["law.pdf"]


def test_two_files_of_one_name_are_told(project: Path) -> None:
    (project / "knowledge/more/facts.txt").write_text("Another")
    (project / "crew.py").write_text(CREW.replace("more/rules.txt", "more/facts.txt"))
    with pytest.raises(CrewFileError, match=r"Two files of the crew are called facts\.txt"):
        knowledge_files(load_crew(str(project)))
