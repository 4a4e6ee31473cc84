"""The group's files, and artifacts of executions, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi
from tests.unit.cli.invoking import invoke


def test_a_file_is_uploaded_without_the_token(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "facts.txt"
    file.write_text("facts")
    result = invoke(api, "files", "put", str(file))
    assert result.exit_code == 0, result.output
    asked, upload, again = (seen for seen in api.seen if seen.method == "PUT")
    assert asked.body == again.body
    assert (asked.path, asked.body["bytes"]) == ("/api/v1/files/facts.txt", 5)
    assert (upload.path, upload.headers.get("x-a")) == ("/upload", "b")
    assert "Authorization" not in upload.headers
    assert invoke(api, "files", "put", str(file), "--embedder", "bedrock/titan").exit_code == 0
    assert api.seen[-1].body["embedder"] == "bedrock/titan"


def test_files_are_listed_fetched_and_removed(api: FakeApi, tmp_path: Path) -> None:
    listed = invoke(api, "files", "list").stdout
    assert "facts.txt" in listed
    assert "Ready, 7 chunks." in listed
    assert "Failed: It is broken." in listed
    assert json.loads(invoke(api, "files", "list", "--json").stdout)["files"][0]["bytes"] == 5
    target = tmp_path / "there.txt"
    assert invoke(api, "files", "get", "facts.txt", "--output", str(target)).exit_code == 0
    assert target.exists()
    assert "5 bytes" in invoke(api, "files", "remove", "facts.txt").stderr


def test_artifacts_are_saved_below_a_folder_and_nowhere_else(api: FakeApi, tmp_path: Path) -> None:
    api.artifacts = {"out/a b.md": b"# A", "c.txt": b"C"}
    result = invoke(api, "result", EXECUTION_ID, "--save", str(tmp_path / "new"))
    assert result.exit_code == 0, result.output
    assert (tmp_path / "new/out/a b.md").read_bytes() == b"# A"
    assert (tmp_path / "new/c.txt").read_bytes() == b"C"
    api.artifacts = {"../evil.txt": b"E"}
    assert invoke(api, "result", EXECUTION_ID, "--save", str(tmp_path / "new")).exit_code != 0
    assert not (tmp_path / "evil.txt").exists()


def test_an_execution_without_artifacts_says_so(api: FakeApi, tmp_path: Path) -> None:
    result = invoke(api, "result", EXECUTION_ID, "--save", str(tmp_path))
    assert "no artifacts" in result.stderr
