"""What a project depends on: found in its files, resolved beside what the platform has, and installed."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli.deploying import environment
from stepcrew_cli.deploying.environment import Packages
from stepcrew_cli.deploying.finding import find_project
from stepcrew_cli.deploying.wire import ProjectRuntime
from stepcrew_reader.errors import CrewFileError
from tests.unit.cli.project_folders import FLOW, folder_of

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
