"""Folders of projects, as small as the rules of deploying them allow."""

from __future__ import annotations

from pathlib import Path

PROJECTS = Path(__file__).parents[2] / "projects"
FLOW = "from crewai.flow.flow import Flow\nclass {0}(Flow[dict]):\n    pass\n"
CREW = "from crewai.project import CrewBase\n@CrewBase\nclass {0}:\n    pass\n"


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return tmp_path
