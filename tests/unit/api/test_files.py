"""The group's files over the API: uploaded by an address, listed, fetched, removed, and named by crews."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import httpx
import pytest

from stepcrew.domain.files import FileState
from stepcrew.domain.knowledge import Chunk, Piece
from stepcrew.domain.knowledge_requests import ReadFile
from stepcrew.domain.vectors import pack
from tests.aws_table import GROUP, NOW
from tests.fakes.knowledge import keep_all
from tests.unit.api.harness import BOB, MIA, VERA, Harness, body, keep_file

CONTENT = b"Ada likes tea."
BODY: dict[str, Any] = {"sha256": sha256(CONTENT).hexdigest(), "bytes": len(CONTENT)}


def test_a_file_is_uploaded_by_an_address_that_takes_only_these_bytes(harness: Harness) -> None:
    answer = harness.client(MIA).put("/files/facts.txt", json=BODY)
    assert answer.status_code == 202
    url = httpx.URL(answer.json()["url"])
    assert url.params["X-Amz-SignedHeaders"] == "content-length;host;x-amz-checksum-sha256"
    assert harness.client(VERA).get("/files").json() == {"files": []}


def test_what_was_uploaded_is_listed_with_size_kind_and_hash(harness: Harness) -> None:
    kept = keep_file(harness, "facts.txt", CONTENT)
    assert kept.status_code == 200, kept.text
    (file,) = harness.client(VERA).get("/files").json()["files"]
    assert file == kept.json()
    assert (file["name"], file["bytes"], file["media_type"]) == ("facts.txt", len(CONTENT), "text/plain")
    assert (file["sha256"], file["uploaded_by"]) == (BODY["sha256"], "mia")
    assert harness.client(MIA).put("/files/facts.txt", json=BODY).status_code == 200, "Nothing is uploaded again."


def test_a_file_is_fetched_by_an_address_that_saves_it(harness: Harness) -> None:
    keep_file(harness, "facts.txt", CONTENT)
    answer = harness.client(VERA).get("/files/facts.txt").json()
    assert answer["file"]["bytes"] == len(CONTENT)
    assert httpx.URL(answer["url"]).params["response-content-disposition"] == "attachment"
    assert answer["view_url"] is None
    assert harness.client(VERA).get("/files/none.txt").status_code == 404
    keep_file(harness, "report.pdf", CONTENT)
    shown = httpx.URL(harness.client(VERA).get("/files/report.pdf").json()["view_url"])
    assert shown.params["response-content-disposition"] == "inline"
    assert shown.params["response-content-type"] == "application/pdf", "Whatever it is, it is shown as nothing else."


def test_a_file_is_removed_with_a_receipt(harness: Harness) -> None:
    keep_file(harness, "facts.txt", CONTENT)
    assert harness.client(MIA).delete("/files/facts.txt").json()["bytes"] == len(CONTENT)
    assert harness.client(MIA).delete("/files/facts.txt").json()["bytes"] == 0
    assert harness.client(MIA).get("/files/facts.txt").status_code == 404


@pytest.mark.parametrize("name", [".hidden", "a%2Fb.txt", "..", "a%01.txt", "tail.txt ", "x" * 160 + ".txt"])
def test_names_are_harmless(harness: Harness, name: str) -> None:
    assert harness.client(MIA).put(f"/files/{name}", json=BODY).status_code in (404, 405, 422)


def test_kinds_that_nothing_reads_and_files_that_are_too_large_are_refused(harness: Harness) -> None:
    answer = harness.client(MIA).put("/files/photo.exe", json=BODY)
    assert answer.status_code == 422
    assert ".pdf" in answer.json()["errors"][0]["remedy"]
    assert harness.client(MIA).put("/files/big.txt", json={**BODY, "bytes": 50_000_001}).status_code == 422


def test_another_group_sees_and_removes_nothing(harness: Harness) -> None:
    keep_file(harness, "facts.txt", CONTENT)
    bob = harness.client({**BOB, "role": "admin"})
    assert bob.get("/files").json() == {"files": []}
    assert bob.get("/files/facts.txt").status_code == 404
    assert bob.delete("/files/facts.txt").json()["bytes"] == 0
    assert len(harness.client(VERA).get("/files").json()["files"]) == 1


def test_only_members_upload_and_remove(harness: Harness) -> None:
    assert harness.client(VERA).put("/files/facts.txt", json=BODY).status_code == 403
    assert harness.client(VERA).delete("/files/facts.txt").status_code == 403


def test_files_that_a_crew_names_must_be_there(harness: Harness) -> None:
    keep_file(harness, "facts.txt", CONTENT)
    sent = body(inputs={"facts": {"file": "fact.txt"}, "other": {"file": "x.txt", "more": 1}})
    sent["config"]["files"] = ["facts.txt", "none.txt"]
    answer = harness.client().post("/executions", json=sent)
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/config/files/1", "missing_file"),
        ("/inputs/facts", "missing_file"),
    ]
    assert "facts.txt" in answer.json()["errors"][1]["remedy"]
    sent["config"]["files"], sent["inputs"] = ["facts.txt"], {"facts": {"file": "facts.txt"}}
    assert harness.client().post("/executions", json=sent).status_code == 202


def test_a_file_missing_for_a_stored_crew_is_told_by_the_crews_name(harness: Harness) -> None:
    stored = body()
    stored["config"]["files"] = ["facts.txt"]
    assert harness.client().put("/crews/reader", json=stored).status_code == 201, "It may be uploaded later."
    faults = harness.client().post("/executions", json={"crew": "reader"}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in faults] == [("/crew", "missing_file")]


def test_the_tool_for_files_needs_files(harness: Harness) -> None:
    sent = body()
    sent["config"]["agents"]["poet"]["tools"] = ["FileReadTool"]
    faults = harness.client().post("/executions", json=sent).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in faults] == [("/config/agents/poet/tools/0", "no_files")]


def test_what_agents_knew_of_a_file_goes_when_it_is_removed_or_replaced(harness: Harness) -> None:
    chunks = [Chunk(Piece("line 1", "Ada likes tea."), pack([1, 2]))]
    for name in ("facts.txt", "copy.txt"):
        keep_file(harness, name, CONTENT)
    keep_all(harness.knowledge, GROUP, BODY["sha256"], "openai/small", chunks)
    assert harness.client(MIA).delete("/files/copy.txt").json()["chunks"] == 0, "The other file has the same bytes."
    keep_file(harness, "facts.txt", b"Something else.")
    assert not harness.knowledge.has(GROUP, BODY["sha256"], "openai/small")
    keep_file(harness, "facts.txt", CONTENT)
    keep_all(harness.knowledge, GROUP, BODY["sha256"], "openai/small", chunks)
    assert harness.client(MIA).delete("/files/facts.txt").json()["chunks"] == 1
    assert harness.knowledge.chunks(GROUP, BODY["sha256"], "openai/small") == []


def test_files_that_are_known_must_be_there_and_need_an_embedding_model(harness: Harness) -> None:
    sent = body()
    sent["config"]["knowledge_sources"] = [{"text": "Ada likes tea."}, {"file": "none.txt"}, {"content": "x"}]
    faults = harness.client().post("/executions", json=sent).json()["errors"]
    assert ("/config/knowledge_sources/2/content", "refused") in {(one["pointer"], one["code"]) for one in faults}
    sent["config"]["knowledge_sources"].pop()
    sent["config"]["agents"]["poet"]["knowledge_sources"] = [{"file": "gone.txt"}]
    faults = harness.client().post("/executions", json=sent).json()["errors"]
    assert {(one["pointer"], one["code"]) for one in faults} == {
        ("/config/embedder", "missing_embedder"),
        ("/config/knowledge_sources/1/file", "missing_file"),
        ("/config/agents/poet/knowledge_sources/0/file", "missing_file"),
    }


def test_a_file_is_read_once_it_is_there_and_again_where_it_could_not_be(harness: Harness) -> None:
    kept = keep_file(harness, "facts.txt", CONTENT).json()
    assert (kept["state"], kept["embedder"]) == ("reading", "openai/small")
    request = ReadFile(group_id=GROUP, name="facts.txt", sha256=BODY["sha256"])
    assert harness.worker.asked == [request]
    harness.client(MIA).put("/files/facts.txt", json=BODY)
    assert harness.worker.asked == [request] * 2, "Whether somebody reads it already, the function knows."
    file = harness.files.file(GROUP, "facts.txt")
    assert file
    reading = harness.files.begin_reading(GROUP, file, "one", NOW)
    assert reading
    harness.files.end_reading(GROUP, file.ended(FileState.READY, chunks=7), reading)
    (listed,) = harness.client(VERA).get("/files").json()["files"]
    assert (listed["state"], listed["chunks"], listed["reason"]) == ("ready", 7, None)
    harness.client(MIA).put("/files/facts.txt", json=BODY)
    assert harness.worker.asked == [request] * 2


def test_a_file_may_have_an_embedding_model_of_its_own(harness: Harness) -> None:
    keep_file(harness, "facts.txt", CONTENT)
    other = harness.client(MIA).put("/files/facts.txt", json={**BODY, "embedder": "bedrock/amazon.titan"}).json()
    assert (other["embedder"], other["state"]) == ("bedrock/amazon.titan", "reading")
    answer = harness.client(MIA).put("/files/facts.txt", json={**BODY, "embedder": "chroma/x"})
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [("/embedder", "unknown_embedder")]


def test_a_dry_run_misses_no_file_that_is_coming(harness: Harness) -> None:
    sent = body()
    sent["config"]["files"] = ["facts.txt"]
    told = harness.client().post("/executions?dry_run=true", json=sent)
    assert [one["code"] for one in told.json()["errors"]] == ["missing_file"]
    planned = harness.client().post("/executions?dry_run=true&coming=facts.txt", json=sent)
    assert planned.status_code == 200, planned.text
    assert harness.client().post("/executions?coming=facts.txt", json=sent).status_code == 422
