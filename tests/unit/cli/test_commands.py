"""The commands as a user types them, against a fake API over real HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepcrew_cli.app import app
from stepcrew_cli.transport import Patience
from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi
from tests.unit.cli.invoking import invoke

CREW = """
agents: {writer: {role: Writer, goal: Write, backstory: None}}
tasks: [{name: write, agent: writer, description: "About {topic}", expected_output: Text}]
inputs: {topic: paper, count: 1}
"""


@pytest.fixture
def crew(tmp_path: Path) -> str:
    path = tmp_path / "crew.yaml"
    path.write_text(CREW)
    return str(path)


@pytest.mark.parametrize(("given", "remedy"), [("topci=rain", "Did you mean topic?"), ("x=1", "It asks for: topic.")])
def test_an_input_that_the_crew_has_no_place_for_is_refused(api: FakeApi, crew: str, given: str, remedy: str) -> None:
    for target in ([crew], ["--crew", "poems"]):
        result = invoke(api, "run", *target, "-i", given)
        assert result.exit_code == 2
        assert remedy in result.stderr
    assert not [request for request in api.seen if request.path.endswith("/executions")]


def test_inputs_that_count_without_a_placeholder_are_sent(api: FakeApi, crew: str) -> None:
    assert invoke(api, "run", crew, "-i", "crewai_trigger_payload=x", "-i", "count:=2").exit_code == 0


def test_run_prints_the_id_alone_on_stdout(api: FakeApi, crew: str) -> None:
    result = invoke(api, "run", crew)
    assert result.exit_code == 0
    assert result.stdout == f"{EXECUTION_ID}\n"


def test_run_sends_the_crew_with_the_given_inputs_over_its_own(api: FakeApi, crew: str, tmp_path: Path) -> None:
    more = tmp_path / "inputs.json"
    more.write_text('{"topic": "file", "tone": "dry"}')
    limit = ("--max-tokens", "9", "--model", "openai/x", "--name", "mine")
    invoke(api, "run", crew, "--inputs-file", str(more), "-i", "topic=glass=2", "-i", "count:=3", *limit)
    body = api.seen[-1].body
    assert body["config"]["inputs"] == {"topic": "paper", "count": 1}
    assert body["inputs"] == {"topic": "glass=2", "tone": "dry", "count": 3}
    assert (body["config"]["model"], body["name"], body["limits"]) == ("openai/x", "mine", {"max_tokens": 9})


def test_a_loopback_server_gives_the_demo_token_of_the_chosen_identity(api: FakeApi, crew: str) -> None:
    invoke(api, "run", crew, "--identity", "vera", "--group", "research")
    headers = api.seen[-1].headers
    assert (headers["Authorization"], headers["X-Group-Id"]) == ("Bearer vera-1", "research")


def test_a_demo_token_that_expires_while_watching_is_replaced(api: FakeApi) -> None:
    def expire(look: int) -> None:
        if look == 2:
            api.expired.add("ada-1")

    api.script = [("RUNNING", 2), ("RUNNING", 3), ("COMPLETED", 4)]
    api.on_look = expire
    assert invoke(api, "watch", EXECUTION_ID).exit_code == 0
    assert api.seen[-1].headers["Authorization"] == "Bearer ada-2"


def test_a_demo_token_that_is_refused_at_once_is_not_asked_for_again_and_again(api: FakeApi) -> None:
    api.expired = {"ada-1"}
    assert invoke(api, "status", EXECUTION_ID).exit_code == 2
    assert api.tokens == 1


def test_a_foreign_server_is_never_asked_for_a_demo_token(crew: str) -> None:
    result = CliRunner().invoke(app, ["run", crew, "--url", "https://stepcrew.invalid"], env={"STEPCREW_TOKEN": None})
    assert result.exit_code == 2
    assert "a token is needed" in result.stderr


def test_a_retried_submission_keeps_its_idempotency_key(api: FakeApi, crew: str) -> None:
    api.trouble = [(503, {"detail": "busy"}), (429, {"detail": "slow down"})]
    result = invoke(api, "run", crew)
    keys = [seen.headers["Idempotency-Key"] for seen in api.seen if seen.path.endswith("/executions")]
    assert result.exit_code == 0
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_rejected_crew_shows_each_fault_with_its_pointer_and_exits_2(api: FakeApi, crew: str) -> None:
    fault = {
        "pointer": "/config/agents/writer/gaol",
        "code": "x",
        "detail": "unknown field",
        "remedy": "Did you mean goal?",
    }
    api.trouble = [(422, {"status": 422, "detail": "1 fault", "remedy": "Correct it.", "errors": [fault]})]
    result = invoke(api, "run", crew)
    assert result.exit_code == 2
    for part in ("/config/agents/writer/gaol", "unknown field", "Did you mean goal?"):
        assert part in result.stderr


def test_a_rejection_with_json_is_the_problem_document_on_stdout(api: FakeApi, crew: str) -> None:
    api.trouble = [(422, {"status": 422, "detail": "1 fault"})]
    result = invoke(api, "run", crew, "--json")
    assert json.loads(result.stdout)["detail"] == "1 fault"


def test_a_server_that_is_not_there_exits_3(crew: str) -> None:
    result = CliRunner().invoke(app, ["status", "x", "--url", "http://127.0.0.1:9", "--token", "t"])
    assert result.exit_code == 3
    assert "Cannot reach" in result.stderr


def test_watching_shows_every_event_once_and_ends_with_the_result(api: FakeApi, crew: str) -> None:
    api.script = [("PENDING", 0), ("RUNNING", 1), ("RUNNING", 3), ("COMPLETED", 3), ("COMPLETED", 4)]
    result = invoke(api, "run", crew, "--watch")
    assert result.exit_code == 0, result.output
    for number, kind in enumerate(("task_started", "llm_call_started", "llm_call_completed", "task_completed"), 1):
        assert result.stdout.count(f"1.{number} [Writer / write] {kind}") == 1
    assert "The answer" in result.stdout
    assert "42 tokens" in result.stdout


def test_watching_a_failed_execution_exits_1_and_says_why(api: FakeApi, crew: str) -> None:
    api.script = [("FAILED", 4)]
    result = invoke(api, "run", crew, "--watch")
    assert result.exit_code == 1
    assert "The model refused." in result.stdout


def test_watching_with_json_leaves_one_document_on_stdout(api: FakeApi, crew: str) -> None:
    result = invoke(api, "run", crew, "--watch", "--json")
    assert json.loads(result.stdout)["output"] == "The answer"


def test_model_output_cannot_steer_the_terminal(api: FakeApi) -> None:
    api.output = "a\x1b]0;title\x07b"
    for command in ("result", "watch", "traces"):
        assert "\x1b" not in invoke(api, command, EXECUTION_ID).output


def test_a_trouble_in_the_middle_of_watching_is_waited_out(api: FakeApi, crew: str) -> None:
    api.script = [("RUNNING", 2), ("COMPLETED", 4)]
    invoke(api, "run", crew)
    api.trouble = [(502, {}), (500, {})]
    assert invoke(api, "watch", EXECUTION_ID).exit_code == 0


def test_an_execution_that_is_lost_from_sight_is_said_to_go_on(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(_patience: Patience, _attempt: int, _retry_after: float | None) -> float:
        return 0.0

    monkeypatch.setattr(Patience, "delay", at_once)
    api.script = [("RUNNING", 2)]
    api.on_look = lambda _: api.trouble.extend([(503, {"detail": "away"})] * 10)
    result = invoke(api, "watch", EXECUTION_ID)
    assert result.exit_code == 3
    assert f"stepcrew watch {EXECUTION_ID}" in result.stderr
    assert "away" in result.stderr


def test_traces_with_json_are_one_object_a_line_over_all_pages(api: FakeApi) -> None:
    lines = invoke(api, "traces", EXECUTION_ID, "--json").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4]


def test_status_of_a_failed_execution_exits_1(api: FakeApi) -> None:
    api.script = [("FAILED", 4)]
    result = invoke(api, "status", EXECUTION_ID, "--json")
    assert (result.exit_code, json.loads(result.stdout)["unknown_field"]) == (1, 1)


def test_a_dry_run_starts_nothing(api: FakeApi, crew: str) -> None:
    result = invoke(api, "run", crew, "--dry-run")
    assert json.loads(result.stdout) == {"valid": True}
    assert [path for path in api.paths("POST") if "auth" not in path] == ["/api/v1/executions?dry_run=true"]


def test_an_unknown_crew_names_the_examples(api: FakeApi) -> None:
    result = invoke(api, "run", "no-such-crew")
    assert result.exit_code == 2
    assert "haiku" in result.stderr


def test_the_cost_is_told_by_task_agent_model_and_use_of_aws(api: FakeApi) -> None:
    result = invoke(api, "cost", EXECUTION_ID, "--price-book", "2026-11")
    assert result.exit_code == 0
    assert "about $0.0169 (models $0.0125, AWS $0.0044)" in result.stdout
    assert "The execution is open." in result.stdout
    for row in ("write +2 +900 +\\$0.0125", "– +2 +900 +\\$0.0125", "openai/own +2 +900 +–"):
        assert re.search(row, result.stdout), row
    assert re.search(r"Runner: memory and time +310\.97 +\$0\.0000133334 +\$0\.0041463 +measured", result.stdout)
    assert "Prices of us-east-1, 2026-11." in result.stdout
    assert f"/api/v1/executions/{EXECUTION_ID}/cost?price_book=2026-11" in api.paths()


def test_the_cost_as_json_is_the_servers_own_answer(api: FakeApi) -> None:
    result = invoke(api, "cost", EXECUTION_ID, "--json")
    assert json.loads(result.stdout)["infrastructure"][0]["basis"] == "measured"


def test_doctor_says_what_happened_with_the_facts_behind_it(api: FakeApi) -> None:
    result = invoke(api, "doctor", EXECUTION_ID)
    assert result.exit_code == 0
    assert result.stdout.startswith("WAITING\nIt waits for a person.\n")
    told = (
        "Of the group",
        "2 of 20 run, 4 wait for a slot",
        "1, answer of write, until",
        "3 wait, 0 in flight, 1 dead",
    )
    for text in (*told, "RunCrew", "Runtime.ExitError", "Attempt 1 starts."):
        assert text in result.stdout, text
    for row in (r"1 +7 +5 +ended", r"2 +\? +0 +died"):
        assert re.search(row, result.stdout), row


def test_doctor_as_json_is_the_servers_own_answer(api: FakeApi) -> None:
    assert json.loads(invoke(api, "doctor", EXECUTION_ID, "--json").stdout)["trace_queue"]["dead"] == 1


def test_the_status_tells_the_cost(api: FakeApi) -> None:
    assert "about $0.0169 (models $0.0125, AWS $0.0044)" in invoke(api, "status", EXECUTION_ID).stdout


def test_prices_of_models_are_set_listed_and_removed_one_by_one(api: FakeApi) -> None:
    result = invoke(api, "prices", "set", "openai/new", "--in", "0.1", "--out", "0.4", "--cached", "0.01")
    assert (result.exit_code, result.stderr) == (0, "2 prices are set.\n")
    assert api.prices["models"]["openai/new"] == {"input_usd": 0.1, "output_usd": 0.4, "cached_usd": 0.01}
    assert re.search(r"openai/new +\$0\.1 +\$0\.4 +\$0\.01 +–", invoke(api, "prices", "list").stdout)
    assert invoke(api, "prices", "remove", "openai/own").exit_code == 0
    assert list(api.prices["models"]) == ["openai/new"]
    again = invoke(api, "prices", "remove", "openai/own")
    assert (again.exit_code, "no price of its own" in again.stderr) == (2, True)


def test_usage_is_listed_by_what_is_asked_for_with_its_sum(api: FakeApi) -> None:
    result = invoke(api, "usage", "--by", "crew", "--from", "2026-11-01", "--to", "2026-11-24")
    assert result.exit_code == 0
    assert re.search(r"poems +7 +1 +900 +\$0\.5000 +\$0\.2500 +\$0\.7500", result.stdout)
    assert re.search(r"All +7 +1 +900 +\$0\.5000 +\$0\.2500 +\$0\.7500", result.stdout)
    assert "Of 1 execution the price of a model is not known" in result.stderr
    assert "/api/v1/usage?by=crew&from=2026-11-01&to=2026-11-24" in api.paths()


def test_usage_as_csv_is_the_servers_table(api: FakeApi) -> None:
    assert invoke(api, "usage", "--csv").stdout == "crew,executions\npoems,7\n"


def test_a_recount_fails_where_a_sum_differs(api: FakeApi) -> None:
    good = invoke(api, "usage", "--recount")
    assert (good.exit_code, "7 executions, and every sum is right" in good.stderr) == (0, True)
    api.wrong = 1
    bad = invoke(api, "usage", "--recount")
    assert (bad.exit_code, "2026-11-24, by crew: poems" in bad.stderr) == (1, True)
    api.wrong, api.missing = 0, 1
    missed = invoke(api, "usage", "--recount")
    assert (missed.exit_code, "e-9 was not counted" in missed.stderr) == (1, True)
    assert invoke(api, "usage", "--recount", "--repair").exit_code == 0


def test_budgets_are_set_listed_and_removed_one_by_one(api: FakeApi) -> None:
    result = invoke(api, "budgets", "set", "5", "--crew", "poems")
    assert re.search(r"the group +\$9\.00 +\$10\.00 +90%", result.stdout)
    assert re.search(r"poems +\$9\.00 +\$5\.00 +180%", result.stdout)
    assert invoke(api, "budgets", "remove").exit_code == 0
    assert api.budgets == {None: None, "poems": 5.0}
    assert "Spent in 2026-11" in invoke(api, "budgets", "list").stdout
    assert invoke(api, "budgets", "remove").exit_code == 2


def test_the_audit_log_is_shown_and_exported_whole(api: FakeApi) -> None:
    shown = invoke(api, "audit", "--action", "secrets.", "--limit", "5")
    assert re.search(r"ada@example.org +admin +secrets.set_secret +MCP_KEY", shown.stdout)
    assert "stepcrew audit --cursor on" in shown.stderr
    assert "/api/v1/audit?action=secrets.&limit=5" in api.paths()
    lines = invoke(api, "audit", "--export").stdout.splitlines()
    assert [json.loads(line)["target"] for line in lines] == ["MCP_KEY", "MCP_KEY"]


def test_a_deletion_tells_what_went(api: FakeApi) -> None:
    assert "12 trace events, 1 execution." in invoke(api, "delete", EXECUTION_ID).stderr


def test_erasing_is_asked_about_and_its_receipt_is_shown(api: FakeApi) -> None:
    assert "stepcrew erase show er-1" in invoke(api, "erase", "user", "mia@example.org", "--yes").stderr
    assert "/api/v1/users/mia%40example.org" in api.paths("DELETE")
    assert invoke(api, "erase", "group", "demo", "--yes").exit_code == 0
    seen = len(api.seen)
    assert invoke(api, "erase", "group", "demo").exit_code == 1  # nobody answers
    assert len(api.seen) == seen
    for shown in (invoke(api, "erase", "list"), invoke(api, "erase", "show", "er-1")):
        assert re.search(r"er-1 +the group +RUNNING .*2 executions, 40 trace events; 1 still", shown.stdout)


def test_a_trace_is_printed_written_or_sent_to_a_collector(api: FakeApi, tmp_path: Path) -> None:
    assert json.loads(invoke(api, "export", EXECUTION_ID).stdout) == {"resourceSpans": []}
    file = tmp_path / "trace.json"
    assert invoke(api, "export", EXECUTION_ID, "-o", str(file)).exit_code == 0
    assert json.loads(file.read_text()) == {"resourceSpans": []}
    sent = invoke(api, "export", EXECUTION_ID, "--to", f"{api.url}/collector/", "--header", "Authorization: Basic x")
    assert sent.exit_code == 0
    [request] = [seen for seen in api.seen if seen.path == "/collector/v1/traces"]
    assert (request.body, request.headers["Authorization"]) == ("protobuf", "Basic x")
    assert request.headers["Content-Type"] == "application/x-protobuf"
    api.has_protobuf = False  # a server of before
    assert invoke(api, "export", EXECUTION_ID, "--to", api.url, "--header", "Authorization: Basic x").exit_code == 0
    assert [seen.body for seen in api.seen if seen.path == "/v1/traces"] == [{"resourceSpans": []}]
    refused = invoke(api, "export", EXECUTION_ID, "--to", "http://127.0.0.1:9")
    assert (refused.exit_code, "The collector did not take the trace" in refused.stderr) == (3, True)
    assert invoke(api, "export", EXECUTION_ID, "--to", api.url, "--header", "Nothing").exit_code == 2
