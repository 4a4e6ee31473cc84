"""A group's files, through the whole stack: uploaded, read and known by crews, handed over, removed."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

import httpx

from scripted_model import ScriptedModel
from tests.e2e.user import PATIENCE_SECONDS, User, agent, crew, task

FACTS = b"Ada likes tea.\nBob likes milk.\n"
NAME = "Fakten \u00fcber Ada (1).txt"


def upload(user: User, name: str, content: bytes) -> httpx.Response:
    """As the command line does."""
    told = {"sha256": sha256(content).hexdigest(), "bytes": len(content)}
    asked = user.put(f"/files/{name}", json=told)
    assert asked.status_code == 202, asked.text
    where = asked.json()
    httpx.put(where["url"], headers=where["headers"], content=content, trust_env=False)
    return user.put(f"/files/{name}", json=told)


def read(user: User, name: str) -> dict[str, Any]:
    """The file, once it was read."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (file := user.get(f"/files/{name}").json()["file"])["state"] == "reading":
        assert time.monotonic() < deadline, file
        time.sleep(0.1)
    return file


def reading(topic: str) -> dict[str, Any]:
    tool = f'[[tool read_a_files_content {{"file_path": "{NAME}", "start_line": 2}}]]'
    return {
        "agents": {"worker": agent(tools=["FileReadTool"])},
        "tasks": [task(f"Read {{facts}} {tool} [[say # {topic}]]", output_file="out/{topic}.md")],
        "files": [NAME],
    }


def embeddings(user: User) -> int:
    """The model calls that the group has paid for outside of executions."""
    spent = {one["name"]: one["model_calls"] for one in user.get("/usage?by=source").json()["rows"]}
    return spent.get("embeddings", 0)


def test_a_crew_reads_files_of_its_group_and_hands_one_over(ada: User, bob: User, model: ScriptedModel) -> None:
    before = embeddings(ada)
    kept = upload(ada, NAME, FACTS)
    assert kept.status_code == 200, kept.text
    address = ada.get(f"/files/{NAME}").json()["url"]
    fetched = httpx.get(address, trust_env=False)
    assert (fetched.content, fetched.headers["content-disposition"]) == (FACTS, "attachment")

    inputs = {"facts": {"file": NAME}, "topic": "tea"}
    done = ada.run(reading("tea"), inputs=inputs)
    assert done["status"] == "COMPLETED", done["error"]
    assert model.mentioning("Read Ada likes tea.\nBob likes milk.")
    assert any(one.text.rstrip().endswith("Bob likes milk.") for one in model.requests), "What the tool answered."
    artifacts = f"/executions/{done['execution_id']}/artifacts"
    assert [one["name"] for one in ada.get(artifacts).json()["artifacts"]] == ["out/tea.md"]
    assert ada.get(f"{artifacts}/out/tea.md").text == "# tea"

    ready = read(ada, NAME)
    assert (ready["state"], ready["chunks"]) == ("ready", 1), ready
    model.reset()
    known = crew(task("[[say Bob likes milk.]]"), knowledge_sources=[{"file": NAME}])
    assert ada.run(known)["status"] == "COMPLETED"
    assert model.mentioning(f"Additional Information: [{NAME}, line 1, 0.")
    questions = [one.body["input"] for one in model.requests if "input" in one.body]
    assert not any("Ada likes tea" in text for texts in questions for text in texts), "Chunks were made ahead."
    assert embeddings(ada) == before + 1

    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
    upload(ada, "chart.png", picture)
    assert read(ada, "chart.png")["state"] == "ready"
    shows = {"chart": {"file": "chart.png"}}
    shown = ada.run(crew(task("{chart} [[saw]]"), model="openai/gpt-4o"), inputs=shows)
    answer = ada.result(shown["execution_id"])["output"]
    assert answer == f"saw {sha256(picture).hexdigest()}", shown["error"]
    blind = ada.post("/executions?dry_run=true", json={"config": crew(task("{chart}")), "inputs": shows})
    (told,) = blind.json()["errors"]
    assert (told["pointer"], told["code"]) == ("/inputs/chart", "model_cannot_see")

    upload(ada, "broken.pdf", b"%PDF-1.4 nothing of it")
    broken = read(ada, "broken.pdf")
    assert broken["state"] == "failed"
    assert "cannot be read" in broken["reason"]
    assert ada.delete("/files/broken.pdf").status_code == 200

    assert bob.get("/files").json()["files"] == []
    assert bob.get(f"/files/{NAME}").status_code == bob.get(artifacts).status_code == 404
    refused = bob.post("/executions", json={"config": reading("tea"), "inputs": inputs})
    assert {one["code"] for one in refused.json()["errors"]} == {"missing_file"}
    assert bob.delete(f"/files/{NAME}").json()["bytes"] == 0

    receipt = ada.delete(f"/files/{NAME}").json()
    assert (receipt["bytes"], receipt["chunks"]) == (len(FACTS), 1)
    assert httpx.get(address, trust_env=False).status_code == 404
