"""What we rely on of CrewAI beyond its documentation. After an upgrade these say what changed."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from typing import Any

import pytest
from crewai import LLM, BaseLLM, Crew, Task
from crewai.events import CrewKickoffStartedEvent, crewai_event_bus, event_context
from crewai.events import types as event_types
from crewai.events.base_events import BaseEvent
from crewai.events.stream_context import add_stream_sink
from crewai.hooks import HookAborted, InterceptionPoint
from crewai.hooks.dispatch import scoped_hooks
from crewai.tasks.conditional_task import ConditionalTask

from scripted_model import ScriptedModel
from stepcrew_runner.gate.aborts import CancelRequested
from stepcrew_runner.trace.kinds import KINDS
from tests.runner.house import House, crew, task


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


def test_an_abort_in_the_hook_before_a_model_call_is_not_retried(model: ScriptedModel) -> None:
    aborts: list[int] = []

    def abort(_context: Any) -> None:
        aborts.append(1)
        raise CancelRequested("stop")

    async def run() -> None:
        from crewai import Agent

        llm = LLM(model="openai/gpt-4o", base_url=model.url, api_key="local")
        agent = Agent(role="r", goal="g", backstory="b", llm=llm, max_retry_limit=2)
        with scoped_hooks({InterceptionPoint.PRE_MODEL_CALL: [abort]}):
            await Crew(
                agents=[agent], tasks=[Task(name="t", description="d", expected_output="e", agent=agent)]
            ).akickoff()  # pyright: ignore[reportUnknownMemberType]

    with pytest.raises(CancelRequested):
        contextvars.Context().run(asyncio.run, run())
    assert len(aborts) == 1
    assert model.requests == []
    assert issubclass(CancelRequested, HookAborted)


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


def test_executors_never_ask_a_terminal(house: House, model: ScriptedModel) -> None:
    # Human input is refused by validation; should it ever slip through, standard input is closed.
    ended = house.run(crew(task("Do. [[say done]]")))
    assert ended.outcome == "COMPLETED"
    assert input_is_closed()


def input_is_closed() -> bool:
    try:
        input()
    except (EOFError, OSError):
        return True
    return False
