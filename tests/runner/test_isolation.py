"""A warm process serves each execution as if it were the first."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from scripted_model import ScriptedModel
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.isolation import environment
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.until import until

_watching: list[tuple[str, Any]] | None = None


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching is None:
        return
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host, port, *_ = cast("tuple[Any, ...]", arguments[1])
        _watching.append((event, (host, port)))
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        _watching.append((event, str(arguments[0])))


sys.addaudithook(_note)


@pytest.fixture
def watched() -> Any:
    """Connections and files opened for writing, from now on."""
    global _watching
    _watching = []
    yield _watching
    _watching = None


def test_two_executions_at_once_share_nothing(harness: Harness, model: ScriptedModel) -> None:
    ids = {
        name: harness.submit(
            {
                "agents": {"worker": agent(f"Worker {name}")},
                "tasks": [task(f"{name}-{n} [[slow 0.05]] [[say {name}-{n}]]", f"{name}{n}") for n in range(5)],
            }
        )
        for name in ("left", "right")
    }
    attempts = {name: harness.in_background(execution_id) for name, execution_id in ids.items()}
    for name, attempt in attempts.items():
        ended = attempt.ended()
        assert ended.outcome == "COMPLETED"
        other = "right" if name == "left" else "left"
        assert [output.raw for output in ended.outputs] == [f"{name}-{n}" for n in range(5)]
        assert [event.sequence for event in ended.events] == list(range(1, len(ended.events) + 1))
        everything = "".join(event.model_dump_json() for event in ended.events)
        everything += "".join(line.model_dump_json() for line in harness.queue.logs(ids[name]))
        assert f"{other}-" not in everything
        assert f"Worker {other}" not in everything
        assert ended.execution.usage.model_calls == 5


def test_crews_of_one_process_run_one_after_the_other_each_in_an_empty_folder() -> None:
    file, entered, seen = environment.WORK / "notes.txt", threading.Event(), list[list[str]]()

    def second() -> None:
        entered.set()
        with environment.workspace():
            seen.append([path.name for path in environment.WORK.iterdir()])

    with environment.workspace():
        thread = threading.Thread(target=second)
        thread.start()
        entered.wait()
        file.write_text("still needed")
        thread.join(0.3)
        assert (file.exists(), seen) == (True, [])
    thread.join()
    assert seen == [[]]


def test_who_waits_for_its_turn_hears_of_its_own_end() -> None:
    reasons: list[BaseException | None] = [None, RuntimeError("cancelled")]
    with (
        environment.workspace(),
        pytest.raises(RuntimeError, match="cancelled"),
        environment.workspace(lambda: reasons.pop(0)),
    ):
        pass


def test_a_crew_changes_no_setting_of_the_platform_or_a_library(model: ScriptedModel) -> None:
    before = dict(os.environ)
    with environment.workspace():
        for name in ("AWS_ENDPOINT_URL_S3", "OPENAI_BASE_URL", "https_proxy", "PATH", "PYTHONPATH"):
            with pytest.raises(environment.SettingOfThePlatform):
                os.environ[name] = "http://elsewhere.example"
        with pytest.raises(environment.SettingOfThePlatform):
            del os.environ["OPENAI_API_KEY"]
        os.environ["A_LIBRARYS_OWN_SWITCH"] = "false"
        del os.environ["A_LIBRARYS_OWN_SWITCH"]
    assert dict(os.environ) == before


def test_after_failed_and_cancelled_executions_the_next_one_is_as_new(harness: Harness, model: ScriptedModel) -> None:
    first = harness.run(crew(task("Clean. [[say C]]")))
    for n in range(3):
        assert harness.run(crew(task(f"Fail {n}. [[fail 400]]"))).outcome == "FAILED"
        execution_id = harness.submit(crew(task("Long. [[slow 3]]")))
        attempt = harness.in_background(execution_id)
        until(lambda n=n: len(model.mentioning("Long.")) == n + 1)
        request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
        assert attempt.ended().outcome == "CANCELLED"
    last = harness.run(crew(task("Clean. [[say C]]")))
    assert last.outcome == "COMPLETED"
    assert last.types == first.types
    assert [event.parent_sequence for event in last.events] == [event.parent_sequence for event in first.events]


def test_threads_do_not_pile_up(harness: Harness, model: ScriptedModel) -> None:
    config = crew(task("One.", "one"), task("Two.", "two"))
    harness.run(config)
    before = own_threads()
    for _ in range(5):
        harness.run(config)
    assert len(own_threads()) <= len(before), own_threads()


def own_threads() -> list[str]:
    """Without those of the scripted model, which live as long as its connections."""
    return [thread.name for thread in threading.enumerate() if "process_request_thread" not in thread.name]


def test_only_the_model_is_called_and_only_the_own_folder_written(
    harness: Harness, model: ScriptedModel, watched: list[tuple[str, Any]]
) -> None:
    described = 'Calculate. [[tool calculator {"expression": "1+1"}]] [[say two]]'
    config = {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]}
    assert harness.run(config).outcome == "COMPLETED"
    connections = {target for event, target in watched if event == "socket.connect"}
    assert connections == {("127.0.0.1", model.server_address[1])}
    written = {Path(str(path)).resolve() for event, path in watched if event == "open"}
    outside = {path for path in written if not path.is_relative_to(environment.FOLDER) and path != Path(os.devnull)}
    assert outside == set()


def test_nothing_is_left_on_disk(harness: Harness, model: ScriptedModel) -> None:
    harness.run(crew(task("Secret thing. [[say SECRET-ANSWER]]")))
    files = [path for path in environment.FOLDER.rglob("*") if path.is_file()]
    assert not [path for path in files if b"SECRET-ANSWER" in path.read_bytes()]
    assert list(environment.WORK.iterdir()) == []
    assert Path.cwd() == environment.WORK.resolve()
    assert environment.FOLDER.is_relative_to(tempfile.gettempdir())


def test_nothing_is_printed(harness: Harness, model: ScriptedModel, capfd: pytest.CaptureFixture[str]) -> None:
    harness.run(crew(task("One.")))
    harness.run(crew(task("Fail. [[fail 400]]")))
    printed = capfd.readouterr()
    assert printed.out == ""


def test_each_agent_and_attempt_has_its_own_model_object(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepcrew_runner.crew.models import ModelFactory

    made: list[Any] = []
    make = ModelFactory.make

    def remembered(factory: ModelFactory, *arguments: Any, **named: Any) -> Any:
        made.append(make(factory, *arguments, **named))
        return made[-1]

    monkeypatch.setattr(ModelFactory, "make", remembered)
    config = {
        "agents": {"worker": agent(), "other": agent("Other")},
        "tasks": [task("One.", "one"), task("Two.", "two", agent="other")],
    }
    harness.run(config)
    harness.run(config)
    assert len({id(one) for one in made}) == len(made) == 4
