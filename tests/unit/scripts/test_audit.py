"""`make audit`, with databases of vulnerabilities of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from scripts import audit, bootstrap

pytestmark = pytest.mark.slow

OF_ONE_PACKAGE = {
    "id": "PYSEC-2026-1",
    "affected": [
        {
            "package": {"name": "jmespath", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.0"}]}],
        }
    ],
}


class Database:
    """Answers as OSV and as the npm registry do: what it knows, or an error when it is out of order."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self.of_npm: dict[str, list[dict[str, Any]]] = {}
        self.status = 200
        self.asked: set[str] = set()

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        if "package" not in question:
            return self.of_npm
        name = question["package"]["name"]
        self.asked.add(name)
        return {"vulns": [self.known[name]]} if name in self.known else {}


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Database, str]]:
    knows = Database()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["content-length"]))
            packed = self.headers.get("content-encoding") == "gzip"
            answer = json.dumps(knows.answer({} if packed else json.loads(question))).encode()
            self.send_response(knows.status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("npm_config_registry", address)
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    yield knows, address
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def bills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(audit, "BILLS", tmp_path)
    return tmp_path


def test_what_every_environment_is_made_of_is_audited() -> None:
    installed = {f"{environment.requirements}.txt" for environment in bootstrap.ENVIRONMENTS.values()}
    installed |= {"requirements/uv.txt", "requirements/lambda-runtime.txt"}

    assert {str(file.relative_to(audit.ROOT)) for file in audit.pinned().values()} == installed


def test_a_known_vulnerability_fails_the_audit_and_names_what_mends_it(
    database: tuple[Database, str], capsys: pytest.CaptureFixture[str], bills: Path
) -> None:
    knows, address = database
    knows.known["jmespath"] = OF_ONE_PACKAGE

    assert audit.main(["trace_sink", "--osv-url", address]) == 1

    assert "PYSEC-2026-1, fixed in 9.0" in capsys.readouterr().out
    bill = json.loads((bills / "trace_sink.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert {component["name"] for component in bill["components"]} == knows.asked


def test_packages_that_were_all_looked_up_and_of_which_nothing_is_known_pass(database: tuple[Database, str]) -> None:
    assert audit.main(["trace_sink", "--osv-url", database[1]]) == 0


@pytest.mark.parametrize("name", ["trace_sink", "console"])
def test_a_database_that_does_not_answer_is_no_sign_of_health(
    name: str, database: tuple[Database, str], capsys: pytest.CaptureFixture[str], bills: Path
) -> None:
    knows, address = database
    knows.status = 503

    assert audit.main([name, "--osv-url", address]) == 2

    assert f"{name}: NOT AUDITED" in capsys.readouterr().out
    assert (bills / f"{name}.cdx.json").exists()


def test_a_known_vulnerability_of_the_console_fails_the_audit(
    database: tuple[Database, str], capsys: pytest.CaptureFixture[str]
) -> None:
    knows, _ = database
    advisory = {"id": 1, "url": "https://example.org/1", "title": "bad", "severity": "high"}
    knows.of_npm = {"react": [advisory | {"vulnerable_versions": "<99.0.0"}]}

    assert audit.main(["console"]) == 1

    assert "react <99.0.0: bad (high, https://example.org/1)" in capsys.readouterr().out
