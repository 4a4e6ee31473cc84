"""Projects are read by the API as the command line reads them, from texts instead of a folder."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli.crew_input import load_crew
from stepcrew_local.layout import ROOT
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.errors import CrewFileError
from tests.newsroom import NEWSROOM
from tests.unit.api.harness import MIA, VERA, Harness

pytestmark = pytest.mark.slow

TEXTS = {".yaml", ".yml", ".json", ".jsonc", ".py", ".toml"}
FOLDERS = sorted(path for parent in ("examples", "tests/projects") for path in (ROOT / parent).iterdir())
CREW = NEWSROOM["src/newsroom/crew.py"]


def read(harness: Harness, files: dict[str, str], name: str = "newsroom") -> Any:
    answer = harness.client(MIA).post("/projects/read", json={"name": name, "files": files})
    assert answer.status_code == 200, answer.text
    return answer.json()


def fault(harness: Harness, files: dict[str, str]) -> dict[str, Any]:
    answer = harness.client(MIA).post("/projects/read", json={"name": "newsroom", "files": files})
    assert answer.status_code == 422, answer.text
    [told] = answer.json()["errors"]
    return told


def texts_of(folder: Path) -> dict[str, str]:
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix in TEXTS and path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def load_crew_or_error(path: Path) -> CrewSource | CrewFileError:
    try:
        return load_crew(str(path))
    except CrewFileError as error:
        return error


@pytest.mark.parametrize("folder", [path for path in FOLDERS if path.is_dir()], ids=lambda path: path.name)
def test_every_layout_is_read_as_by_the_command_line(harness: Harness, folder: Path) -> None:
    sent = {"name": folder.name, "files": texts_of(folder)}
    # A folder with one file is read as that file, so that any name will do.
    source = load_crew_or_error(folder / next(iter(sent["files"])) if len(sent["files"]) == 1 else folder)
    answer = harness.client(MIA).post("/projects/read", json=sent)
    assert answer.status_code == (422 if isinstance(source, CrewFileError) else 200), answer.text
    told = answer.json()
    if isinstance(source, CrewFileError):
        expected = [said.replace(f"{folder.parent}/", "") for said in (source.message, source.remedy)]
        assert [told["errors"][0]["detail"], told["errors"][0]["remedy"]] == expected
        return
    assert told["config"] == source.body["config"]
    assert told["inputs"] == (source.body.get("inputs") or {})
    assert told["notes"][: len(source.notes)] == source.notes
    assert told["needs_code"] == source.needs_code


def test_a_classic_project_brings_its_output_class_its_inputs_and_a_word_on_what_stays_behind(harness: Harness) -> None:
    told = read(harness, NEWSROOM)
    schema = told["config"]["tasks"][0]["output_pydantic"]
    assert schema["properties"]["title"] == {"type": "string", "description": "Of the whole"}
    assert (told["name"], told["inputs"], told["file"], told["needs_code"]) == (
        "newsroom",
        {"topic": "paper"},
        None,
        True,
    )
    notes = "\n".join(told["notes"])
    assert "prepare (@before_kickoff)" in notes
    assert "now=clock()" in notes
    assert "stepcrew deploy" in notes


def test_one_yaml_file_that_says_all_of_it_is_named_and_so_kept_as_it_is(harness: Harness) -> None:
    crew: dict[str, Any] = {
        "agents": {"a": {"role": "R", "goal": "G", "backstory": "B"}},
        "tasks": [],
        "inputs": {"topic": "x"},
    }
    told = read(harness, {"my-crew.yaml": json.dumps(crew)})
    assert (told["file"], told["notes"], told["config"]) == ("my-crew.yaml", [], crew)
    told = read(harness, {"crew.yaml": json.dumps({"config": crew, "limits": {"max_tokens": 5}}), "notes.py": "x"})
    assert (told["file"], told["config"]) == ("crew.yaml", crew)
    told = read(harness, {"crew.yaml": "agents: {a: &a {role: R, goal: G, backstory: B}, b: *a}\ntasks: []\n"})
    assert told["file"] is None
    assert told["config"]["agents"]["a"] == told["config"]["agents"]["b"]
    told = read(harness, {"crew.yaml": json.dumps({"config": crew, "limits": {"max_tokens": 5}})})
    assert told["notes"] == ["limits is set where the crew is run, and is not kept."]


def test_what_decides_and_is_computed_is_a_fault_with_its_file_and_line(harness: Harness) -> None:
    files = NEWSROOM | {"src/newsroom/crew.py": CREW.replace("SerperDevTool()", "Finder()") + "\nclass Finder: pass\n"}
    told = fault(harness, files)
    assert told["pointer"] == "/files/src~1newsroom~1crew.py"
    assert "stepcrew deploy" in told["remedy"]
    files = NEWSROOM | {"src/newsroom/crew.py": CREW.replace("Process.sequential", "chosen()")}
    told = fault(harness, files)
    assert told["pointer"] == "/files/src~1newsroom~1crew.py"
    assert told["line"] == files["src/newsroom/crew.py"].split("\n").index("        return Crew(agents=self.agents, "
    "tasks=self.tasks, process=chosen())") + 1  # fmt: skip
    told = fault(harness, NEWSROOM | {"src/newsroom/config/agents.yaml": "writer:\n  role: [\n"})
    assert (told["pointer"], told["line"]) == ("/files/src~1newsroom~1config~1agents.yaml", 3)


def test_nothing_but_the_texts_is_read(harness: Harness, tmp_path: Path) -> None:
    secret = tmp_path / "agents.yaml"
    secret.write_text(NEWSROOM["src/newsroom/config/agents.yaml"])
    outside = f'    agents_config = "{secret}"\n'
    crew = CREW.replace("class Newsroom:\n", f"class Newsroom:\n{outside}")
    assert "cannot be read" in fault(harness, NEWSROOM | {"src/newsroom/crew.py": crew})["detail"]
    crew = f"from {'.' * 30}{'.'.join(ROOT.parts[1:])}.scripts.bootstrap import PYTHONS\n" + CREW
    crew = crew.replace("tools=[SerperDevTool()]", "role=PYTHONS")
    told = read(harness, NEWSROOM | {"src/newsroom/crew.py": crew})
    assert any("role=PYTHONS" in note for note in told["notes"])
    for path in ("/etc/passwd", "../crew.yaml", "a/../../crew.yaml", "./crew.yaml", "a//crew.yaml", "a\\crew.yaml"):
        answer = harness.client(MIA).post("/projects/read", json={"name": "x", "files": {path: ""}})
        assert answer.status_code == 422, path
    for name in ("..", ".", "", "a/b"):
        answer = harness.client(MIA).post("/projects/read", json={"name": name, "files": {"crew.yaml": ""}})
        assert answer.status_code == 422, name


DOUBLED = "\n".join(["x0 = [1, 1]", *(f"x{n + 1} = [*x{n}, *x{n}]" for n in range(60))])
JOINED = "\n".join(["x0 = 'a' * 1", "x0b = '" + "a" * 100_000 + "'", *(f"x{n} = x{n - 1}b + x{n - 1}b\nx{n}b = x{n}"
    for n in range(1, 60))])  # fmt: skip
UNIONS = "\n".join(["A0 = str | int", *(f"A{n + 1} = A{n} | A{n}" for n in range(60))])
BOMB = "\n".join(["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1]", *(f"a{n + 1}: &a{n + 1} [*a{n}, *a{n}, *a{n}, *a{n}, *a{n}]"
    for n in range(20))])  # fmt: skip
MERGES = "\n".join(["a0: &a0 {k0: 1, k1: 2}", *(f"a{n + 1}: &a{n + 1} {{<<: [*a{n}, *a{n}, *a{n}, *a{n}]}}"
    for n in range(30))])  # fmt: skip


def script(value: str, before: str = "") -> str:
    return textwrap.dedent(f"""
        from crewai import Agent, Crew, Task
        {{before}}
        a = Agent(role={value}, goal="G", backstory="B")
        crew = Crew(agents=[a], tasks=[Task(description="D", expected_output="E", agent=a)])
        """).replace("{before}", before)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"crew.py": script("x60", DOUBLED)}, "lead through too much code"),
        ({"crew.py": script("x59", JOINED)}, "lead through too much code"),
        (
            {
                "crew.py": f"from pydantic import BaseModel\n{UNIONS}\nclass R(BaseModel):\n    a: A60\n"
                + script("'R'").replace("agent=a", "agent=a, output_json=R")
            },
            "lead through too much code",
        ),
        ({"crew.py": script("-" * 200_000 + "1")}, "cannot be read"),
        ({"crew.py": script("(" * 5_000 + ")" * 5_000)}, "nested too deeply"),
        ({"crew.py": "import crewai\0"}, "null byte"),
        ({"a.py": "from b import A\nfrom crewai import Crew\nCrew(agents=[A], tasks=[])", "b.py": "from a import A"},
            "refer to each other"),
        ({"crew.yaml": BOMB}, "has more than 100,000 values"),
        ({"crew.yaml": MERGES}, "merges too much"),
        ({"crew.yaml": "[" * 20_000}, "cannot be read"),
        ({"crew.yaml": "agents: " + "[" * 100 + "]" * 100}, "nested deeper than 60 levels"),
        ({"crew.yaml": "agents: .inf"}, "cannot be sent as JSON"),
        ({"crew.yaml": 'agents: "\\uD800"'}, "cannot be sent as JSON"),
        ({"crew.yaml": "agents: 0x" + "f" * 10_000}, "cannot be sent as JSON"),
        ({"crew.jsonc": "//\n" + "[" * 20_000}, "cannot be read"),
        ({"crew.jsonc": "//\n[" + "1," * 60_000 + "]"}, "JSON with comments may have"),
        ({"crew.json": '{"config": "x"}'}, "config must be an object"),
        ({"crew.yaml": "{agents: {}, tasks: [], config: {}, inputs: []}"}, "inputs must be an object"),
        (NEWSROOM | {"src/newsroom/crew.py": CREW.replace('self.agents_config["writer"]', "'x'")}, "config of writer"),
        ({"notes.txt": "x"}, "is not a crew file"),
    ],
)  # fmt: skip
def test_hostile_and_broken_texts_end_as_faults(harness: Harness, files: dict[str, str], said: str) -> None:
    assert said in fault(harness, files)["detail"]


@pytest.mark.parametrize(
    "toml", ["tool = 1", "project = []", "[project]\nscripts = 'x'", "[", "[tool.poetry]\nscripts=1"]
)
def test_a_pyproject_of_any_shape_is_no_fault(harness: Harness, toml: str) -> None:
    assert read(harness, NEWSROOM | {"pyproject.toml": toml})["inputs"] == {"topic": "paper"}


def test_an_annotation_that_cannot_be_read_is_left_out_with_a_note(harness: Harness) -> None:
    crew = CREW.replace("points: list[str]", 'points: "list[\\0"')
    told = read(harness, NEWSROOM | {"src/newsroom/crew.py": crew})
    assert any("points" in note or "Report" in note for note in told["notes"])


@pytest.mark.parametrize("value", ["1e999", "0x" + "f" * 2_000, r"'\ud800'"])
def test_a_value_that_json_has_no_word_for_is_left_out_with_a_note(harness: Harness, value: str) -> None:
    told = read(harness, {"crew.py": script(value)})
    assert "role" not in told["config"]["agents"]["a"]
    assert any("role=" in note for note in told["notes"])


def test_it_is_for_those_who_run_crews_and_has_bounds(harness: Harness) -> None:
    sent: dict[str, Any] = {"name": "x", "files": {"crew.yaml": "a"}}
    assert harness.client(VERA).post("/projects/read", json=sent).status_code == 403
    many = sent | {"files": {f"{number}.py": "" for number in range(201)}}
    assert harness.client(MIA).post("/projects/read", json=many).status_code == 422
    answer = harness.client(MIA).post("/projects/read", json=sent | {"files": {"a.py": "#" * 2_000_001}})
    assert "2,000,000 characters" in answer.json()["detail"]
