"""What we rely on of CrewAI beyond its documentation. After an upgrade these say what changed."""

from __future__ import annotations

import ast
import asyncio
import contextvars
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from crewai import LLM, Agent, BaseLLM, Crew, Task
from crewai.events import CrewKickoffStartedEvent, crewai_event_bus, event_context
from crewai.events import types as event_types
from crewai.events.base_events import BaseEvent
from crewai.events.stream_context import add_stream_sink
from crewai.llms.providers.bedrock.completion import BedrockCompletion
from crewai.mcp.client import MCPClient
from crewai.mcp.tool_resolver import MCPToolResolver
from crewai.tasks.conditional_task import ConditionalTask
from crewai.tools.agent_tools.ask_question_tool import AskQuestionTool
from crewai.tools.agent_tools.base_agent_tools import BaseAgentTool
from crewai.tools.agent_tools.delegate_work_tool import DelegateWorkTool
from crewai.tools.base_tool import BaseTool, Tool
from crewai.tools.mcp_native_tool import MCPNativeTool
from crewai.tools.structured_tool import CrewStructuredTool
from mcp import ClientSession
from mcp.types import ToolAnnotations

import stepcrew_runner
from scripted_model import ScriptedModel
from stepcrew_runner.crew import seams
from stepcrew_runner.crew.install import install
from stepcrew_runner.crew.keyed_tools import own_modules
from stepcrew_runner.crew.seams import (
    SEAMS,
    ScopedTask,
    Seam,
    SeamMissing,
    call_once,
    require,
    tell_of_long_conversations,
    wrap,
)
from stepcrew_runner.crew.tools import make_tool
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import CancelRequested
from stepcrew_runner.gate.placeholders import Placeholders
from stepcrew_runner.isolation.addresses import Reach
from stepcrew_runner.trace.kinds import KINDS
from tests.runner.harness import Harness, crew, task


def python_path() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


@pytest.fixture(autouse=True)
def installed(model: ScriptedModel) -> None:
    install()


def all_event_classes() -> set[type[BaseEvent]]:
    import pkgutil
    from importlib import import_module

    for module in pkgutil.iter_modules(event_types.__path__):
        import_module(f"{event_types.__name__}.{module.name}")
    found: set[type[BaseEvent]] = set()
    left = [BaseEvent]
    while left:
        found.add(left[-1])
        left += left.pop().__subclasses__()
    return found


def test_every_kind_we_record_is_an_event_of_crewai() -> None:
    known = {cls.model_fields["type"].default for cls in all_event_classes() if "type" in cls.model_fields}
    assert set(KINDS) <= known, set(KINDS) - known


def test_every_field_we_take_exists() -> None:
    fields: dict[str, set[str]] = {}
    for cls in all_event_classes():
        fields.setdefault(str(cls.model_fields["type"].default), set()).update(cls.model_fields)
    for name, kind in KINDS.items():
        assert set(kind.extra) <= fields[name], (name, set(kind.extra) - fields[name])
        if kind.context:
            assert kind.context in fields[name], name


def test_sinks_are_called_in_the_emitting_thread_in_order_and_only_in_their_context() -> None:
    seen: list[tuple[str, str]] = []

    def emit(name: str) -> None:
        add_stream_sink(lambda _source, event: seen.append((name, event.type)))
        crewai_event_bus.emit(None, CrewKickoffStartedEvent(crew_name=name, inputs=None))
        assert seen[-1] == (name, "crew_kickoff_started")

    for name in ("a", "b"):
        contextvars.Context().run(emit, name)
    assert seen == [("a", "crew_kickoff_started"), ("b", "crew_kickoff_started")]


@pytest.mark.parametrize("is_async", [False, True])
def test_an_abort_at_the_gate_is_neither_retried_nor_hidden(model: ScriptedModel, is_async: bool) -> None:
    """If this fails, CrewAI or a provider's client catches `BaseException` somewhere: look for it in what is raised."""
    aborts: list[int] = []

    class Closed:
        """Stands in place of a gate that lets nothing out."""

        reach = Reach()
        journal = SimpleNamespace(seal=Placeholders().seal)
        endpoints = ()
        prices: ClassVar[dict[str, Any]] = {}

        def model(self, _request: Any) -> Any:
            aborts.append(1)
            raise CancelRequested("stop")

    async def run() -> None:
        scope.enter(cast("Any", Closed()))
        llm = LLM(model="openai/gpt-4o", base_url=model.url, api_key="local")
        agent = Agent(role="r", goal="g", backstory="b", llm=llm, max_retry_limit=2)
        fields: dict[str, Any] = {"description": "d", "expected_output": "e", "agent": agent}
        tasks: list[Task] = [ScopedTask(name="t", async_execution=is_async, **fields)]
        await Crew(agents=[agent], tasks=tasks).akickoff()  # pyright: ignore[reportUnknownMemberType]

    with pytest.raises(CancelRequested):
        contextvars.Context().run(asyncio.run, run())
    assert len(aborts) == 1
    assert model.requests == []


def test_a_thread_of_an_asynchronous_task_hands_an_abort_to_whoever_waits() -> None:
    """CrewAI's `Task._execute_task_async` was renamed or changed if this waits or fails: see `crew/seams.py`."""
    assert list(inspect.signature(Task._execute_task_async).parameters) == [  # pyright: ignore[reportPrivateUsage]
        *("self", "agent", "context", "tools", "future")
    ]

    class Stops(ScopedTask):
        def _execute_core(self, *_: Any, **__: Any) -> Any:
            raise CancelRequested("stop")

    future = Stops(name="t", description="d", expected_output="e").execute_async()
    with pytest.raises(CancelRequested):
        future.result(timeout=10)


def test_every_way_crewai_runs_a_tool_passes_the_gate() -> None:
    """If this fails, a method was renamed: tools would be called past the gate. See `crew/tool_calls.py`."""
    for tool_class, methods in (
        (BaseTool, ("run", "arun")),
        (Tool, ("run", "arun")),
        (CrewStructuredTool, ("invoke", "ainvoke")),
    ):
        for method in methods:
            assert getattr(tool_class.__dict__[method], "is_wrapped", False), f"{tool_class.__name__}.{method}"
    assert "_original_tool" in CrewStructuredTool.__private_attributes__
    assert issubclass(DelegateWorkTool, BaseAgentTool)
    assert issubclass(AskQuestionTool, BaseAgentTool)


def test_what_a_server_offers_and_says_of_its_tools_is_taken_where_the_clients_get_it() -> None:
    """If this fails, a method was renamed: each attempt would ask for a server's list. See `crew/servers.py`."""
    for owner, method in (
        (ClientSession, "list_tools"),
        (MCPClient, "connect"),
        (MCPClient, "list_tools"),
        (MCPToolResolver, "resolve"),
    ):
        assert getattr(owner.__dict__[method], "is_wrapped", False), f"{owner.__name__}.{method}"
    assert "readOnlyHint" in ToolAnnotations.model_fields


LATER = """
from stepcrew_runner.isolation import environment
environment.prepare()
import sys
from stepcrew_runner.crew.install import install
install()
print({"aiobotocore", "mcp"} & set(sys.modules))
from aiobotocore.httpsession import AIOHTTPSession
from crewai.mcp.client import MCPClient
from crewai.mcp.tool_resolver import MCPToolResolver
from mcp import ClientSession
for method in (ClientSession.list_tools, MCPClient.connect, MCPClient.list_tools, MCPToolResolver.resolve):
    print(method.is_wrapped)
print(AIOHTTPSession.send.__module__)
"""


def test_what_few_crews_need_is_imported_later_and_met_then() -> None:
    done = subprocess.run([sys.executable, "-c", LATER], env=python_path(), capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["set()", *["True"] * 4, "stepcrew_runner.gate.transports"], done.stderr


@pytest.mark.parametrize("seam", SEAMS, ids=[f"{seam.owner.__name__}.{seam.name}" for seam in SEAMS])
def test_a_private_name_of_crewai_is_there_and_its_loss_would_be_told(
    seam: Seam, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(*seam)
    renamed = seam._replace(name=f"{seam.name}_renamed")
    monkeypatch.setattr(seams, "SEAMS", (*SEAMS, renamed))
    with pytest.raises(SeamMissing, match=rf"CrewAI has no \S+{renamed.name} any more; without it {seam.without}"):
        install()


def test_bedrock_tells_of_its_failures_by_names_that_are_there() -> None:
    for name in ("_handle_converse", "_emit_call_failed_event"):
        require(BedrockCompletion, name, "the trace would miss a refused model call")
    with pytest.raises(SeamMissing, match="_handle_converse"):
        tell_of_long_conversations(SimpleNamespace())


def test_an_mcp_tool_without_its_client_is_not_called() -> None:
    tool = MCPNativeTool(lambda: None, "t", {}, "s")
    del tool._client_factory  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(SeamMissing, match="_client_factory any more; without it a call with effects would be repeated"):
        call_once(tool)


def test_a_tool_class_without_its_method_is_not_used() -> None:
    with pytest.raises(SeamMissing, match="BaseTool has no renamed of its own any more: calls would pass the gate by"):
        wrap(BaseTool, "renamed", lambda run: run)


def test_modules_that_read_no_environment_any_more_are_not_taken_for_ones_that_have_keys() -> None:
    assert make_tool("SerperDevTool", {"SERPER_API_KEY": "key-0123456789"}).name
    with pytest.raises(SeamMissing, match="takes its keys from somewhere else now"):
        own_modules(["json.scanner"], {"SERPER_API_KEY": "key-0123456789"})


PRIVATE = re.compile(r"_[a-z]\w*")
OF_PYTHON = {"_asdict", "_replace"}


def private_names(module: Path) -> Iterator[str]:
    """Private names of other objects: `other._name`, or as a text given to `getattr` and its like."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr) and node.attr not in OF_PYTHON:
            of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            yield from () if of_self else (f"{module.name}:{node.lineno} {node.attr}",)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("attr"):
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            yield from (f"{module.name}:{node.lineno} {text}" for text in texts if PRIVATE.fullmatch(text))


def test_private_names_of_others_stand_in_the_modules_of_seams() -> None:
    crew = Path(stepcrew_runner.__path__[0]) / "crew"
    modules = set(crew.parent.rglob("*.py")) - {
        crew / name for name in ("seams.py", "memory_seams.py", "flow_seams.py")
    }
    assert len(modules) > 40
    assert [name for module in modules for name in private_names(module)] == []


def test_the_methods_we_override_are_still_those() -> None:
    for name in ("execute_sync", "execute_async", "aexecute_sync"):
        assert list(inspect.signature(getattr(Task, name)).parameters) == ["self", "agent", "context", "tools"]
    assert inspect.iscoroutinefunction(Task.aexecute_sync)
    assert list(inspect.signature(ConditionalTask.should_execute).parameters) == ["self", "context"]
    assert list(inspect.signature(ConditionalTask.get_skipped_task_output).parameters) == ["self"]
    planning = Crew._handle_crew_planning  # pyright: ignore[reportPrivateUsage]
    assert list(inspect.signature(planning).parameters) == ["self"]
    assert "_task_output_handler" in Crew.__private_attributes__


def test_the_token_estimate_that_replaces_the_providers_needs_no_request(model: ScriptedModel) -> None:
    llm = LLM(model="openai/gpt-4o", base_url=model.url, api_key="local")
    assert BaseLLM.get_input_tokens_count(llm, "x" * 400) == 100
    assert model.requests == []


def test_warnings_about_open_scopes_can_be_silenced() -> None:
    quiet = event_context.EventContextConfig(
        mismatch_behavior=event_context.MismatchBehavior.SILENT,
        empty_pop_behavior=event_context.MismatchBehavior.SILENT,
    )
    variable = event_context._event_context_config  # pyright: ignore[reportPrivateUsage]
    token = variable.set(quiet)
    event_context.handle_mismatch("a", "b", "c")
    variable.reset(token)


def test_executors_never_ask_a_terminal(harness: Harness, model: ScriptedModel) -> None:
    # Human input is refused by validation; should it ever slip through, standard input is closed.
    ended = harness.run(crew(task("Do. [[say done]]")))
    assert ended.outcome == "COMPLETED"
    assert input_is_closed()


def input_is_closed() -> bool:
    try:
        input()
    except (EOFError, OSError):
        return True
    return False
