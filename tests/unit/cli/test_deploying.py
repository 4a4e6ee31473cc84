"""What `stepcrew deploy` finds in a folder, without running anything of it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from stepcrew.domain.project import MOST_BUNDLE_BYTES
from stepcrew_cli.deploying.bundle import MOST_BYTES, make_bundle
from stepcrew_cli.deploying.environment import inspect
from stepcrew_cli.deploying.finding import find_project, has_code
from stepcrew_reader.crew_source import dated
from stepcrew_reader.errors import CrewFileError
from tests.unit.cli.project_folders import CREW, FLOW, PROJECTS, folder_of


def test_a_crew_of_the_usual_layout() -> None:
    project = find_project(PROJECTS / "research_crew", None)
    assert (project.name, project.entry) == ("research_crew", "research_crew.crew:ResearchCrew")
    assert project.environment == ["OPENAI_API_KEY", "REPORT_READER"]
    assert project.inputs == {"topic": "AI agents"}
    assert project.dependencies == ["crewai[tools]>=1.0.0,<2.0.0"]


def test_a_flow_counts_for_more_than_the_crews_it_runs(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("Poems"), crews__poem_py=CREW.format("Poem"))
    assert find_project(root, None).entry == "main:Poems"
    root.joinpath("pyproject.toml").write_text('[tool.crewai]\ntype = "crew"\n')
    assert find_project(root, None).entry == "crews.poem:Poem"


def test_of_several_the_one_that_main_makes(tmp_path: Path) -> None:
    main = FLOW.format("One") + FLOW.format("Two")
    with pytest.raises(CrewFileError, match="main:One, main:Two"):
        find_project(folder_of(tmp_path, main_py=main), None)
    folder_of(tmp_path, main_py=f"{main}def kickoff():\n    Two().kickoff()\n")
    assert find_project(tmp_path, None).entry == "main:Two"
    assert find_project(tmp_path, "main:One").entry == "main:One"
    with pytest.raises(CrewFileError, match="no module other"):
        find_project(tmp_path, "other:One")


@pytest.mark.parametrize(
    ("content", "entry"),
    [
        ("from crewai import Crew\nmy_crew = Crew(agents=[], tasks=[])\n", "main:my_crew"),
        ("import crewai\ndef create_crew():\n    return crewai.Crew()\n", "main:create_crew"),
    ],
)
def test_a_crew_without_a_class(tmp_path: Path, content: str, entry: str) -> None:
    root = folder_of(tmp_path, main_py=content)
    assert find_project(root / "main.py", None).entry == find_project(root, None).entry == entry
    assert has_code(root)


@pytest.mark.parametrize(
    ("name", "entry", "is_script"),
    [
        ("one_file", "joke:__main__", True),
        ("trip_script", "main:__main__", True),
        ("async_main", "app:__main__", True),
        ("two_crews", "two_crews.main:run", True),
        ("poem_flow", "poem_flow.main:PoemFlow", False),
        ("hooks_crew", "crew:ShopCrew", False),
        ("slug_crew", "slug_crew.crew:build", False),
        ("city_flow", "city_flow.main:CityFlow", False),
    ],
)
def test_what_a_project_runs_is_found(name: str, entry: str, is_script: bool) -> None:
    project = find_project(PROJECTS / name, None)
    assert (project.entry, project.is_script) == (entry, is_script)
    assert has_code(PROJECTS / name)


def test_a_crew_whose_inputs_only_running_tells_is_started_by_its_own_function(tmp_path: Path) -> None:
    main = "import sys\nfrom crew import News\ndef run():\n    News().crew().kickoff(inputs={'topic': sys.argv})\n"
    root = folder_of(tmp_path, crew_py=CREW.format("News"), main_py=main)
    project = find_project(root, None)
    assert (project.entry, project.is_script) == ("main:run", True)
    assert find_project(root, "crew:News").is_script is False


def test_what_serves_people_is_no_start(tmp_path: Path) -> None:
    page = "import streamlit\nfrom crew import News\nif streamlit.button('Go'):\n    News().crew().kickoff()\n"
    root = folder_of(tmp_path, crew_py=CREW.format("News"), app_py=page)
    assert find_project(root, None).entry == "crew:News"


def test_classes_over_a_flow_and_classes_that_make_a_crew(tmp_path: Path) -> None:
    base = "class Base(Flow):\n    pass\nclass Mine(Base):\n    def __init__(self, a=1):\n        pass\n"
    root = folder_of(tmp_path / "a", main_py=f"{base}def main():\n    Mine().kickoff()\n")
    assert find_project(root, None).entry == "main:Mine"
    made = (
        "class Plain:\n    def crew(self):\n        return 1\nclass Needs:\n    def __init__(self, a):\n        pass\n"
    )
    assert find_project(folder_of(tmp_path / "b", crew_py=made), None).entry == "crew:Plain"


def test_what_is_no_part_of_a_project_stays_behind(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("One"), tests__test_py="x", _env="SECRET=1")
    (root / ".env").write_text("SECRET=1")
    (root / "link.py").symlink_to("/etc/hostname")
    project = find_project(root, None)
    assert project.notes == ["Left out, because links are not followed: link.py."]
    assert project.kept == ["SECRET"]
    assert {file.as_posix() for file in project.files} == {"main.py", "_env"}
    packages = tmp_path / "packages"
    packages.mkdir()
    content = make_bundle(project, packages, {})
    assert content == make_bundle(project, packages, {})
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["project/_env", "project/main.py"]


def test_a_project_that_is_too_large_for_a_function_says_what_is_large(tmp_path: Path) -> None:
    root = folder_of(tmp_path / "project", main_py=FLOW.format("One"))
    packages = folder_of(tmp_path / "packages", interface__drawing_py="")
    for large, size in ((root / "film.mov", 200_000_000), (packages / "interface" / "drawing.py", 60_000_000)):
        with large.open("wb") as file:
            file.truncate(size)
    with pytest.raises(CrewFileError, match=r"project/film\.mov 200 MB, packages/interface 60 MB"):
        make_bundle(find_project(root, None), packages, {})
    assert MOST_BYTES == MOST_BUNDLE_BYTES


def test_a_flow_that_needs_arguments_is_what_its_start_runs(tmp_path: Path) -> None:
    flow = "class Sale(Flow[dict]):\n    def __init__(self, query):\n        super().__init__()\n"
    main = f"{flow}if __name__ == '__main__':\n    Sale(input('Query: ')).kickoff()\n"
    assert find_project(folder_of(tmp_path, main_py=main, crew_py=CREW.format("Text")), None).entry == "main:__main__"


def test_a_crew_that_the_start_does_not_run_is_not_the_project(tmp_path: Path) -> None:
    main = "from crewai import Crew\ndef main():\n    print(Crew(agents=[], tasks=[]).kickoff())\n"
    root = folder_of(tmp_path, main_py=main, old_py=CREW.format("Old"))
    assert find_project(root, None).entry == "main:main"
    (root / "main.py").write_text(main.replace("Crew(", "Old().crew() or Crew("))
    assert find_project(root, None).entry == "old:Old"


@pytest.mark.parametrize("told", ["src/__init__.py", "main.py"])
def test_a_src_folder_that_is_a_package_is_imported_as_one(tmp_path: Path, told: str) -> None:
    root = folder_of(
        tmp_path, src__crew_py="from .tools import mine\n" + CREW.format("News"), src__tools_py="mine = 1\n"
    )
    assert find_project(root, None).entry == "crew:News"
    (root / told).write_text("from src.crew import News\n")
    assert find_project(root, None).entry == "src.crew:News"


def test_a_package_below_src_keeps_its_name(tmp_path: Path) -> None:
    root = folder_of(tmp_path, src__news__crew_py=CREW.format("News"))
    (root / "src" / "__init__.py").touch()
    assert find_project(root, None).entry == "news.crew:News"


def test_functions_that_run_a_crew_with_arguments_are_named(tmp_path: Path) -> None:
    main = "def run_crew(topic):\n    return _both(topic)\ndef _both(topic):\n    Crew(agents=topic).kickoff()\n"
    with pytest.raises(CrewFileError) as refused:
        find_project(folder_of(tmp_path, main_py=main), None)
    assert "main:run_crew; their parameters become inputs" in refused.value.remedy
    project = find_project(tmp_path, "main:run_crew")
    assert (project.entry, project.is_script) == ("main:run_crew", True)


def test_a_file_that_is_not_python_only_matters_where_the_crew_may_be_in_it(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py="x = {'a': 1}\n" + 'print(f"{x["a"]}")\n', template_py="class {{name}}:\n")
    (root / "words.py").write_bytes(b"# -*- coding: latin-1 -*-\nWORD = '\xe9'\n")
    (root / ".env").write_bytes(b"NAME=caf\xe9\n")
    assert not has_code(root)
    with pytest.raises(CrewFileError, match=r"template.py:1 is not Python"):
        find_project(root, None)
    (root / "crew.py").write_text(CREW.format("News"))
    assert has_code(root)
    project = find_project(root, None)
    (note,) = project.notes
    assert "template.py:1 is not Python" in note
    assert Path("template.py") in project.files
    with pytest.raises(CrewFileError, match=r"template.py:1 is not Python"):
        find_project(root, "template:name")


RUN = "import sys\nfrom crew import News\n{0}\n    News().crew().kickoff(inputs={{'topic': {1}, 'kind': 'a'}})\n"
PARSED = "import argparse\ndef main():\n    parser = argparse.ArgumentParser()\n    parser.add_argument({0})\n"


@pytest.mark.parametrize(
    ("before", "topic", "is_script"),
    [
        ("def run():", "sys.argv[1]", False),
        ("def run():", "sys.argv[1] if len(sys.argv) > 1 else 'AI'", True),
        ("def train():\n    sys.argv[1]\ndef run():", "now()", True),
        (PARSED.format("'--topic', required=True"), "parser.parse_args().topic", False),
        (PARSED.format("'topic'"), "parser.parse_args().topic", False),
        (PARSED.format("'topic', nargs='?'"), "parser.parse_args().topic", True),
        (PARSED.format("'--topic', default='AI'"), "parser.parse_args().topic", True),
    ],
)
def test_what_a_start_asks_its_command_line_for_is_an_input(
    tmp_path: Path, before: str, topic: str, is_script: bool
) -> None:
    root = folder_of(tmp_path, crew_py=CREW.format("News"), main_py=RUN.format(before, topic))
    project = find_project(root, None)
    assert (project.is_script, project.input_names) == (is_script, ["topic", "kind"])
    assert project.inputs == ({} if is_script else {"kind": "a"})


def test_an_input_of_today_is_told_where_it_is_kept(tmp_path: Path) -> None:
    main = RUN.format("from datetime import date\ndef run():", "str(date.today().year)")
    project = find_project(folder_of(tmp_path, crew_py=CREW.format("News"), main_py=main), None)
    assert project.notes == [dated("topic", project.inputs["topic"])]


@pytest.mark.parametrize(
    ("fault", "remedy"),
    [
        ("ImportError: cannot import name 'BaseTool' from 'crewai_tools' (x.py)", "from crewai.tools import BaseTool"),
        ("ImportError: cannot import name 'Pipeline' from 'crewai' (x.py)", "another version of CrewAI"),
        ("ModuleNotFoundError: No module named 'crewai.pipeline'", "another version of CrewAI"),
        ("ModuleNotFoundError: No module named 'rich'", "Add the package to the dependencies"),
    ],
)
def test_what_an_import_lacks_is_told_with_what_to_do(tmp_path: Path, fault: str, remedy: str) -> None:
    python = tmp_path / "python"
    told = json.dumps({"fault": fault, "file": "main.py", "line": 1}).replace("'", "'\\''")
    python.write_text(f"#!/bin/sh\necho '{told}'\n")
    python.chmod(0o755)
    root = folder_of(tmp_path / "project", main_py=FLOW.format("One"))
    with pytest.raises(CrewFileError) as refused:
        inspect(find_project(root, None), python, tmp_path, {"PATH": "/bin:/usr/bin"})
    assert remedy in refused.value.remedy


def test_a_folder_around_projects_names_them(tmp_path: Path) -> None:
    root = folder_of(
        tmp_path, one__src__news__crew_py=CREW.format("News"), one__pyproject_toml="", two__crew_py="x = 1"
    )
    with pytest.raises(CrewFileError) as refused:
        find_project(root, None)
    assert refused.value.message == f"{root} is no project itself, and holds: {root / 'one'}."
    assert find_project(root / "one", None).entry == "news.crew:News"
    (root / "requirements.txt").touch()
    assert find_project(root, None).entry == "one.src.news.crew:News"


def test_a_start_that_runs_its_crew_twice_is_what_the_project_is(tmp_path: Path) -> None:
    main = RUN.format("def run():", "'a'")
    root = folder_of(tmp_path, crew_py=CREW.format("News"), main_py=main)
    assert find_project(root, None).entry == "crew:News"
    (root / "main.py").write_text(main + "    News().crew().kickoff(inputs={'topic': 'b'})\n")
    assert find_project(root, None).entry == "main:run"
