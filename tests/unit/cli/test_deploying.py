"""What `stepcrew deploy` finds in a folder, without running anything of it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stepcrew.domain.project import MOST_BUNDLE_BYTES
from stepcrew_cli.deploying import environment
from stepcrew_cli.deploying.bundle import MOST_BYTES, make_bundle
from stepcrew_cli.deploying.environment import NO_KEY, Packages, inspect
from stepcrew_cli.deploying.finding import find_project, has_code
from stepcrew_cli.deploying.wire import ProjectRuntime
from stepcrew_reader.crew_source import dated
from stepcrew_reader.errors import CrewFileError

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


def test_names_of_the_environment(tmp_path: Path) -> None:
    read = (
        "import os\nA = os.environ['OWN_KEY']\nB = os.getenv('OTHER')\nC = os.environ.get('lower')\nM = 'groq/llama3'\n"
    )
    root = folder_of(tmp_path, main_py=read + FLOW.format("One"))
    (root / ".env").write_text("# keys\nexport SERPER_API_KEY=value\nOTHER=x\n")
    names = find_project(root, None).environment
    assert names == ["GROQ_API_KEY", "OPENAI_API_KEY", "OTHER", "OWN_KEY", "SERPER_API_KEY"]


OPTIONS = """crewai
-e .
.[dev]
-e ./own
git+https://host/a.git@v1#egg=a
--index-url x
--no-binary y
requests==2.1 \\
  --hash=sha256:a
-r more.txt
"""
OPTIONS_FOUND = ["crewai", "./own", "git+https://host/a.git@v1#egg=a", "--index-url x", "requests==2.1", "rich"]
POETRY = """[tool.poetry.dependencies]
python = "^3.11"
rich = "^1.2.3"
b = "~1.2"
c = "*"
d = "1.0"
e = {version = ">=1,<2", extras = ["x"]}
f = {git = "https://host/f.git", tag = "v1"}
g = "^0.3"
itself = {path = "."}
[[tool.poetry.source]]
name = "PyPI"
url = "https://usual/simple"
[[tool.poetry.source]]
name = "own"
url = "https://host/simple"
"""
POETRY_FOUND = [
    *("rich>=1.2.3,<2", "b>=1.2,<1.3", "c", "d==1.0", "e[x]>=1,<2", "f @ git+https://host/f.git@v1", "g>=0.3,<0.4"),
    "--extra-index-url https://host/simple",
]
UV = """[project]
dependencies = ["A.b[x]>=1 ; python_version > '3'", "c", "rich"]
[tool.uv.sources]
a-b = {git = "https://host/a.git", rev = "12", subdirectory = "inside"}
c = [{url = "https://host/c-1-py3-none-any.whl"}]
rich = {index = "own"}
[[tool.uv.index]]
name = "own"
url = "https://host/simple"
explicit = true
"""
UV_FOUND = [
    "A.b[x] @ git+https://host/a.git@12#subdirectory=inside ; python_version > '3'",
    *("c @ https://host/c-1-py3-none-any.whl", "rich", "--extra-index-url https://host/simple"),
]
INLINE = """# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "rich",
# ]
# ///
from crewai import Crew
crew = Crew()
"""


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("requirements.txt", OPTIONS.encode(), OPTIONS_FOUND),
        ("requirements.txt", "crewai>=1\n".encode("utf-16"), ["crewai>=1"]),
        ("pyproject.toml", b'[project]\nname = "a"\ndynamic = ["dependencies"]\n', ["rich"]),
        ("pyproject.toml", POETRY.encode(), POETRY_FOUND),
        ("pyproject.toml", UV.encode(), UV_FOUND),
        ("Pipfile", b'[packages]\nrich = "*"\nb = "==1.0"\n', ["rich", "b==1.0"]),
    ],
)
def test_dependencies_in_whatever_file_they_are(tmp_path: Path, name: str, content: bytes, found: list[str]) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("One"))
    (root / "more.txt").write_text("rich\n")
    if name == "pyproject.toml":
        (root / "requirements.txt").write_text("-r more.txt\n")
    (root / name).write_bytes(content)
    assert find_project(root, None).dependencies == found


def test_a_member_of_a_workspace_is_not_looked_for_elsewhere(tmp_path: Path) -> None:
    root = folder_of(tmp_path, main_py=FLOW.format("One"))
    source = "[tool.uv.sources]\nours = {workspace = true}\n"
    (root / "pyproject.toml").write_text(f'[project]\nname = "a"\ndependencies = ["ours"]\n{source}')
    with pytest.raises(CrewFileError, match="takes ours from the workspace"):
        find_project(root, None)


def test_dependencies_in_a_script_itself(tmp_path: Path) -> None:
    file = tmp_path / "my-crew.py"
    file.write_text(INLINE)
    project = find_project(file, None)
    assert (project.entry, project.dependencies) == ("my-crew:crew", ["rich"])


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


def test_crewai_is_the_platforms(tmp_path: Path) -> None:
    runtime = ProjectRuntime(python="3.13", platform="host", packages=["crewai==1.15.30", "numpy==2.4.6"])
    root = folder_of(tmp_path, main_py=FLOW.format("One"))
    (root / "requirements.txt").write_text("# what it needs\ncrewai>=0.100,<1.0  # pinned\n-r other.txt\n")
    project = find_project(root, None)
    assert project.dependencies == ["crewai>=0.100,<1.0"]
    with pytest.raises(CrewFileError, match=r"crewai<1.0,>=0.100, and the platform runs crewai 1.15.30"):
        Packages(runtime, tmp_path).resolve(project, any_crewai=False)
    assert Packages(runtime, tmp_path).resolve(project, any_crewai=True) == []
    theirs = ["crewai @ git+https://host/crewai", "numpy<2", "--extra-index-url https://host/simple"]
    project = project._replace(dependencies=[*theirs, "numpy==1 ; sys_platform == 'win32'"])
    with pytest.raises(CrewFileError) as refused:
        Packages(runtime, tmp_path).resolve(project, any_crewai=False)
    both = "crewai @ git+https://host/crewai, numpy<2, and the platform runs crewai 1.15.30, numpy 2.4.6."
    assert refused.value.message == f"The project asks for {both}"
    assert Packages(runtime, tmp_path).resolve(project._replace(dependencies=theirs), any_crewai=True) == []


def test_deployments_at_once_and_one_that_dies_leave_a_whole_interpreter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = ProjectRuntime(python=f"{sys.version_info[0]}.{sys.version_info[1]}", platform="host", packages=[])
    uv, all_begun = environment._uv, threading.Barrier(3)  # pyright: ignore[reportPrivateUsage]

    def dies(arguments: Sequence[str], **options: Any) -> str:
        if arguments[0] == "pip":
            raise SystemExit
        return uv(arguments, **options)

    def together(arguments: Sequence[str], **options: Any) -> str:
        all_begun.wait(60)
        return uv(arguments, **options)

    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setattr(environment, "_uv", dies)
    with pytest.raises(SystemExit):
        Packages(runtime, tmp_path).python()
    monkeypatch.setattr(environment, "_uv", together)
    with ThreadPoolExecutor(3) as deployers:
        begun = [deployers.submit(Packages(runtime, tmp_path).python) for _ in range(3)]
    (made,) = {one.result() for one in begun}
    assert subprocess.run([made, "-c", "print('runs')"], capture_output=True, check=True).stdout == b"runs\n"
    assert list(tmp_path.iterdir()) == [made.parents[1]]


BACKEND = """
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    about = "{name}-1.0.dist-info"
    with zipfile.ZipFile(f"{{folder}}/{name}-1.0-{tag}.whl", "w") as wheel:
        wheel.writestr("{name}.py", "X = 1")
        wheel.writestr(f"{{about}}/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        wheel.writestr(f"{{about}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: {pure}\\nTag: {tag}\\n")
        wheel.writestr(f"{{about}}/RECORD", "")
    return f"{name}-1.0-{tag}.whl"
"""


def published_without_wheel(folder: Path, name: str, *, pure: bool) -> None:
    """A source distribution that brings all it takes to make a wheel of it."""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "1.0"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND.format(name=name, pure=str(pure).lower(), tag="py3-none-any"),
    }
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


def test_a_package_without_wheels_is_taken_if_it_is_plain_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    runtime = ProjectRuntime(python="3.13", platform="aarch64-manylinux_2_28", packages=[])
    for name, pure in (("plain-words", True), ("quick", False)):
        published_without_wheel(tmp_path, name.replace("-", "_"), pure=pure)
    root = folder_of(tmp_path / "my project", main_py=FLOW.format("One"))
    (root / "bounds.txt").write_text("plain-words<2\n")
    listed = f"--find-links {tmp_path.as_uri()}\n-c bounds.txt\nplain-words\n"
    (root / "requirements.txt").write_text(listed)
    project = find_project(root, None)
    packages = Packages(runtime, tmp_path / "cache")
    needed = packages.resolve(project, any_crewai=False)
    assert needed == ["plain-words==1.0"]
    packages.install(project, needed, tmp_path / "packages")
    assert (tmp_path / "packages/plain_words.py").is_file()
    with pytest.raises(CrewFileError, match="The package quick has no wheel for aarch64-manylinux_2_28"):
        packages.install(project, ["quick==1.0"], tmp_path / "others")


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
