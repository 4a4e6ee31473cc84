"""Starting, stopping, dying and starting again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from tests.local.listening import descendants

from stepcrew_local.__main__ import main
from stepcrew_local.layout import ROOT

START_SECONDS = 60
END_SECONDS = 60


class Running:
    """A stack in a process of its own."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        command = [sys.executable, "-m", "tests.local.tiny_up", str(data), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)

    def ready(self) -> dict[str, Any]:
        """What stack.json says, once the stack has announced itself."""
        assert self.process.stdout
        for line in self.process.stdout:
            if "Stop" in line:
                return json.loads((self.data / "stack.json").read_text())
        raise AssertionError(f"it did not start: {self.process.communicate()}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Sends the signal; answers the exit code and what it said on stderr."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=END_SECONDS)
        return self.process.returncode, errors


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*arguments: str) -> Running:
        started.append(Running(tmp_path / "data", *arguments))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def _wait_until_gone(pids: set[int]) -> None:
    deadline = time.monotonic() + END_SECONDS
    while alive := {pid for pid in pids if _is_alive(pid)}:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_it_started(start: Callable[..., Running], number: signal.Signals) -> None:
    running = start()
    stack = running.ready()
    everything = descendants(running.process.pid)
    assert len(everything) >= 3  # the emulator, and the API function's process with its runtime client

    code, errors = running.stop(number)

    assert (code, errors) == (0, "")
    _wait_until_gone(everything)
    assert not (running.data / "stack.json").exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(stack["url"])


def test_nothing_outlives_a_supervisor_that_was_killed(start: Callable[..., Running]) -> None:
    running = start()
    running.ready()
    everything = descendants(running.process.pid)

    running.stop(signal.SIGKILL)

    _wait_until_gone(everything)


def test_a_part_that_dies_takes_the_stack_down_and_is_named(start: Callable[..., Running]) -> None:
    running = start()
    stack = running.ready()
    everything = descendants(running.process.pid)

    os.kill(stack["pids"]["emulator"], signal.SIGKILL)
    code, errors = running.ended()

    assert code == 1
    assert "The emulator ended with code -9" in errors
    assert "emulator.log" in errors
    _wait_until_gone(everything)


def test_a_port_in_use_is_a_clear_error(start: Callable[..., Running]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, errors = start(str(port)).ended()

    assert code == 1
    assert f"Port {port} on 127.0.0.1 is in use." in errors
    assert "STEPCREW_PORT" in errors


@pytest.mark.parametrize(("variable", "text"), [("STEPCREW_PORT", "99999"), ("STEPCREW_SLICE_SECONDS", "soon")])
def test_a_variable_that_is_no_such_number_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, text: str
) -> None:
    monkeypatch.setenv(variable, text)

    assert main(["up"]) == 1
    assert f"{variable}={text} is not a number from 0 to" in capsys.readouterr().err


def test_two_stacks_do_not_share_a_folder(start: Callable[..., Running]) -> None:
    start().ready()
    code, errors = start().ended()

    assert code == 1
    assert "Another stack uses the folder" in errors


def test_state_survives_a_restart(start: Callable[..., Running]) -> None:
    running = start()
    before = running.ready()
    token = _token(before)
    _client(before, "s3").put_object(Bucket=before["bucket"], Key="groups/g/x", Body="kept")
    _client(before, "dynamodb").put_item(
        TableName=before["table"], Item={"PK": {"S": "GROUP#g"}, "SK": {"S": "x"}, "n": {"N": "7"}}
    )
    port = before["url"].rpartition(":")[2]
    assert running.stop() == (0, "")

    after = start(port).ready()

    for name in ("table", "bucket", "queue", "state_machine_arn"):
        assert after[name] == before[name]
    assert _client(after, "s3").get_object(Bucket=after["bucket"], Key="groups/g/x")["Body"].read() == b"kept"
    key = {"PK": {"S": "GROUP#g"}, "SK": {"S": "x"}}
    assert _client(after, "dynamodb").get_item(TableName=after["table"], Key=key)["Item"]["n"] == {"N": "7"}
    _client(after, "sqs").send_message(
        QueueUrl=after["queue"], MessageBody='{"n": 1}', MessageGroupId="g", MessageDeduplicationId="after"
    )
    deadline = time.monotonic() + END_SECONDS
    seen = {"PK": {"S": 'GROUP#tiny#EXECUTION#{"n": 1}'}, "SK": {"S": "SEEN"}}
    while "Item" not in _client(after, "dynamodb").get_item(TableName=after["table"], Key=seen):
        assert time.monotonic() < deadline, "the sink no longer hears of messages"
        time.sleep(0.05)
    answer = httpx.get(f"{after['url']}/api/v1/executions", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200  # signed before the restart


def test_secrets_in_the_data_folder_are_for_its_owner_only(start: Callable[..., Running]) -> None:
    running = start()
    running.ready()

    assert running.data.stat().st_mode & 0o077 == 0
    for name in ("stack.json", "signing-key.pem"):
        assert (running.data / name).stat().st_mode & 0o077 == 0


def _token(stack: dict[str, Any]) -> str:
    return str(httpx.post(f"{stack['url']}/auth/demo-token", json={"identity": "ada"}).json()["access_token"])


def _client(stack: dict[str, Any], service: str) -> Any:
    untyped: Any = boto3
    return untyped.client(
        service,
        endpoint_url=stack["emulator_url"],
        region_name=stack["region"],
        aws_access_key_id=stack["access_key_id"],
        aws_secret_access_key=stack["secret_access_key"],
    )
