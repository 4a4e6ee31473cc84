"""From the domain's shapes to those on the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlencode

from pydantic import BaseModel

from stepcrew.domain import cursor
from stepcrew.domain.answer_size import MOST_ANSWER_BYTES, answered_bytes
from stepcrew.domain.artifacts import Artifact
from stepcrew.domain.bill import CostSummary
from stepcrew.domain.event_grammar import grammar_of
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.parts import models_of, texts_of, tools_of
from stepcrew.domain.placeholders import names_in
from stepcrew.domain.secrets import StoredSecret
from stepcrew.domain.stored_crew import StoredCrew
from stepcrew.domain.trace import PayloadReference, TraceEvent
from stepcrew.domain.trigger import Trigger
from stepcrew.services.estimate_cost import Estimate
from stepcrew.services.read_bodies import TEXT
from stepcrew.services.read_result import Result
from stepcrew.services.read_trace import TracePage as Page
from stepcrew.services.read_trace import emitted, is_complete, recorded
from stepcrew.services.submit_execution import CheckedCrew
from stepcrew_api.dry_run_schemas import DryRun, PlannedTask
from stepcrew_api.file_schemas import ArtifactList, ArtifactView
from stepcrew_api.schemas import (
    BodyReference,
    CrewView,
    ExecutionView,
    ResultView,
    SecretView,
    TaskOutputView,
    TraceCounts,
    TraceEventView,
    TracePage,
)
from stepcrew_api.trigger_schemas import TriggerView

PREFIX = "/api/v1"
JSONL = "application/jsonl"
PREVIEW_CHARACTERS = 300


def location(execution_id: str) -> str:
    return f"{PREFIX}/executions/{execution_id}"


def next_page(path: str, cursor: str | None, params: Mapping[str, object]) -> dict[str, str]:
    """The header `Link` of a page that is followed by another."""
    if cursor is None:
        return {}
    query = urlencode({name: value for name, value in {**params, "cursor": cursor}.items() if value is not None})
    return {"Link": f'<{path}?{query}>; rel="next"'}


def execution_view(
    execution: Execution, cost: CostSummary, positions: Mapping[str, int] | None = None
) -> ExecutionView:
    """`positions` are those of the group's queue, needed where the execution is in it."""
    counts = TraceCounts(emitted=emitted(execution), recorded=recorded(execution), complete=is_complete(execution))
    position = (positions or {}).get(execution.execution_id) if execution.queued_at else None
    more = {"traces": counts, "queue_position": position, "cost": cost}
    return ExecutionView.model_validate({**execution.model_dump(), **more})


def crew_view(crew: StoredCrew) -> CrewView:
    return CrewView.model_validate(crew.model_dump(exclude={"definition_hash", "secrets"}))


def secret_view(secret: StoredSecret, crews: list[str]) -> SecretView:
    return SecretView(**secret.model_dump(), crews=crews)


def trigger_view(trigger: Trigger, group_id: str) -> TriggerView:
    path = f"{PREFIX}/hooks/{group_id}.{trigger.hook_id}" if trigger.hook_id else None
    return TriggerView(**trigger.model_dump(exclude_unset=True), hook_path=path)


def body_reference(reference: PayloadReference, url: str) -> BodyReference:
    return BodyReference(url=url, bytes=reference.bytes, content_type=reference.content_type, preview=reference.preview)


def event_view(event: TraceEvent) -> TraceEventView:
    name = f"{event.attempt}.{event.sequence}"
    reference = event.output_reference
    url = f"{location(event.execution_id)}/traces/{name}/output"
    return TraceEventView.model_validate(
        {
            **event.model_dump(exclude={"execution_id", "group_id"}),
            **grammar_of(event)._asdict(),
            "id": name,
            "output_reference": body_reference(reference, url) if reference else None,
        }
    )


def trace_page(page: Page) -> TracePage:
    return TracePage(
        events=[event_view(event) for event in page.events],
        cursor=cursor.encode(*page.position),
        more=page.more,
        complete=is_complete(page.execution),
        gaps=page.gaps,
        status=page.execution.status,
    )


def result_view(result: Result) -> ResultView:
    """The crew's own answer comes in first, then the tasks in their order; what does not fit beside them is a
    reference."""
    execution, outputs, own = result
    tasks = [task_view(execution.execution_id, output, inline=False) for output in outputs]
    last = outputs.index(own) if own else -1
    room = MOST_ANSWER_BYTES - sum(_size(view) for view in tasks) - _size(execution.usage)
    for index in sorted(range(len(tasks)), key=lambda index: (index != last, index)):
        whole = task_view(execution.execution_id, outputs[index], inline=True)
        more = _size(whole) * (2 if index == last else 1)  # the last one is told as the crew's too
        if more <= room:
            room -= more
            tasks[index] = whole
    answer = tasks[last] if last >= 0 else None
    return ResultView(
        execution_id=execution.execution_id,
        status=execution.status,
        final=execution.status is Status.COMPLETED,
        output=answer.raw if answer else None,
        output_reference=answer.raw_reference if answer else None,
        json_dict=answer.json_dict if answer else None,
        tasks=tasks,
        usage=execution.usage,
        error=execution.error,
    )


def artifact_list(found: Iterable[Artifact]) -> ArtifactList:
    return ArtifactList(
        artifacts=[
            ArtifactView(name=one.name, task=one.output and one.output.name, media_type=one.media_type, bytes=one.size)
            for one in found
        ]
    )


def _size(part: BaseModel) -> int:
    return answered_bytes(part.model_dump_json())


def dry_run_view(
    checked: CheckedCrew, name: str, default_model: str, estimate: Estimate | None, unset: list[str]
) -> DryRun:
    """What would run. `default_model` is the model of a crew that names none, or empty; `unset` is what of a project's
    environment no secret fills."""
    crew = checked.parsed.definition
    return DryRun(
        name=name,
        process=crew.process,
        model=crew.model.model if crew.model else default_model or None,
        models=models_of(crew, default_model),
        agents=list(crew.agents),
        tasks=[
            PlannedTask(
                name=task.name,
                agent=task.agent,
                context=task.sees,
                asynchronous=task.async_execution,
                conditional=task.condition is not None,
            )
            for task in crew.tasks
        ],
        tools=sorted(tools_of(crew)),
        placeholders=sorted({name for _, text in texts_of(crew) for name in names_in(text)}),
        unset_environment=unset,
        limits=checked.limits,
        estimate=estimate,
    )


def task_view(execution_id: str, output: TaskOutput, *, inline: bool) -> TaskOutputView:
    """Without `inline`, a body that would still fit is a reference too: the answer around it is full."""
    url = f"{location(execution_id)}/tasks/{output.index}/output"
    reference: BodyReference | None = None
    if output.raw_reference:
        reference = body_reference(output.raw_reference, url)
    elif not inline:
        preview, size = output.raw[:PREVIEW_CHARACTERS], len(output.raw.encode(errors="replace"))
        reference = BodyReference(url=url, bytes=size, content_type=TEXT, preview=preview)
    return TaskOutputView.model_validate(
        {
            **output.model_dump(exclude={"description", "raw_reference", "json_reference"}),
            "expected_output": output.expected_output if inline else _beginning(output.expected_output),
            "raw": None if reference else output.raw,
            "raw_reference": reference,
            "json_dict": output.json_dict if inline else None,
        }
    )


def _beginning(text: str | None) -> str | None:
    return text and text[:PREVIEW_CHARACTERS]
