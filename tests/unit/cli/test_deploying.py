"""What `stepcrew deploy` finds in a folder, without running anything of it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from stepcrew_cli.deploying.bundle import make_bundle
from stepcrew_cli.deploying.environment import Packages
from stepcrew_cli.deploying.finding import find_project, has_code
from stepcrew_cli.deploying.wire import ProjectRuntime
from stepcrew_cli.errors import CrewFileError

PROJECTS = Path(__file__).parents[2] / "projects"
FLOW = "from crewai.flow.flow import Flow\nclass {0}(Flow[dict]):\n    pass\n"
CREW = "from crewai.project import CrewBase\n@CrewBase\nclass {0}:\n    pass\n"


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path


def test_a_crew_of_the_usual_layout() -> None:
    project = find_project(PROJECTS / "research_crew", None)
    assert (project.name, project.entry) == ("research_crew", "research_crew.crew:ResearchCrew")
    assert project.environment == ["REPORT_READER"]
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


def test_what_is_no_part_of_a_project_stays_behind(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("One"), tests__test_py="x", _env="SECRET=1")
    (root / ".env").write_text("SECRET=1")
    (root / "link.py").symlink_to("/etc/hostname")
    project = find_project(root, None)
    assert {file.as_posix() for file in project.files} == {"main.py", "_env"}
    packages = tmp_path / "packages"
    packages.mkdir()
    content = make_bundle(project, packages)
    assert content == make_bundle(project, packages)
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["project/_env", "project/main.py"]


def test_crewai_is_the_platforms(tmp_path: Path) -> None:
    runtime = ProjectRuntime(python="3.13", platform="host", packages=["crewai==1.15.30", "numpy==2.4.6"])
    root = folder_of(tmp_path, main_py=FLOW.format("One"))
    (root / "requirements.txt").write_text("# what it needs\ncrewai>=0.100,<1.0  # pinned\n-r other.txt\n")
    project = find_project(root, None)
    assert project.dependencies == ["crewai>=0.100,<1.0"]
    with pytest.raises(CrewFileError, match=r"crewai<1.0,>=0.100, and the platform runs crewai 1.15.30"):
        Packages(runtime, tmp_path).resolve(project, any_crewai=False)
    assert Packages(runtime, tmp_path).resolve(project, any_crewai=True) == []
