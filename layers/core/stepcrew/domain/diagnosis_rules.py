"""What follows from the facts of an execution: what happened, and what to do.

Each rule looks at the facts and finds one thing or nothing. They are independent of each other: the paragraph is what
all of them say, in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from stepcrew.domain.diagnosis import Facts, Finding, attempts_of, span
from stepcrew.domain.errors import Category
from stepcrew.domain.execution import Status
from stepcrew.domain.journal import NO_PRICE
from stepcrew.domain.trace import SYSTEM_ATTEMPT

SOON = timedelta(minutes=2)
"""What takes no longer than this is usual: the sweep comes every minute and looks at what has not changed for one."""
MANY_MESSAGES = 100


def diagnose(facts: Facts) -> list[Finding]:
    """What the rules found, the cause before what follows from it; empty where nothing is wrong."""
    return [finding for rule in RULES if (finding := rule(facts))]


def paragraph(facts: Facts, findings: list[Finding]) -> str:
    """What happened and what to do, as one paragraph."""
    said = [text for finding in findings for text in (finding.what, finding.remedy) if text]
    if not findings:
        said = [f"Nothing wrong was found: {_stands(facts)}."]
    elif facts.execution.error is None:
        said.insert(0, f"T{_stands(facts)[1:]}.")
    if facts.unread:
        said.append(f"The {' and the '.join(facts.unread)} did not answer, so what they know is missing here.")
    return " ".join(said)


def _stands(facts: Facts) -> str:
    execution = facts.execution
    if execution.ended_at:
        return f"the execution is {facts.status} after {span(execution.ended_at - execution.created_at)}"
    done = f"{execution.progress.tasks_done} of {execution.progress.tasks_total} crew tasks are done"
    return f"the execution is {facts.status} since {span(facts.since(execution.created_at))}; {done}"


def _failed(facts: Facts) -> Finding | None:
    execution, error = facts.execution, facts.execution.error
    if facts.is_open or error is None:
        return None
    where = f" in crew task {error.task}" if error.task else ""
    ended = "was cancelled" if facts.status is Status.CANCELLED else "failed"
    attempt = f" at attempt {execution.attempt}" if execution.attempt > 1 else ""
    after = f" after {span(execution.ended_at - execution.created_at)}" if execution.ended_at else ""
    what = f"The execution {ended}{where}{attempt}{after} ({error.category}, {error.type}): {error.message}"
    return Finding(rule="failed", what=what, remedy=error.remedy)


def _waits_for_slot(facts: Facts) -> Finding | None:
    queued, slots = facts.execution.queued_at, facts.slots
    if not facts.is_open or queued is None or facts.limits_fault:
        return None
    place = f", at place {slots.position} of {slots.waiting}" if slots and slots.position else ""
    running = f": {slots.running} of the group run, and {slots.may_run} may" if slots else ""
    return Finding(
        rule="waits_for_slot",
        what=f"It waits for a free slot of its group since {span(facts.since(queued))}{place}{running}.",
        remedy="Wait, cancel what is not needed, or ask the operator to let more of the group run at once.",
    )


def _limits_unreadable(facts: Facts) -> Finding | None:
    queued = facts.execution.queued_at
    if not facts.is_open or queued is None or not facts.limits_fault:
        return None
    return Finding(
        rule="limits_unreadable",
        what=f"It waits for a slot since {span(facts.since(queued))}, and none is given: {facts.limits_fault}",
        remedy="The operator corrects the item LIMITS of the group (docs/api.md, Limits); the next sweep lets it run.",
    )


def _waits_for_person(facts: Facts) -> Finding | None:
    waiting = facts.execution.waiting
    if facts.status is not Status.WAITING or waiting is None:
        return None
    about = f"{waiting.kind} of {waiting.task_name}" if waiting.task_name else waiting.kind
    if facts.now > waiting.expires_at + SOON:
        return Finding(
            rule="decision_overdue",
            what=f"The time to decide about its {about} ended {span(facts.since(waiting.expires_at))} ago, and the"
            " reconciler has not ended the wait.",
            remedy="Decide now, or tell the operator that the sweeps do not come (alarm ReconcilerFailing).",
        )
    since, left = span(facts.since(waiting.since)), span(waiting.expires_at - facts.now)
    return Finding(
        rule="waits_for_person",
        what=f"It waits for a person to decide about its {about} since {since}; {left} are left.",
        remedy=f"Decide: stepcrew approvals {facts.execution.execution_id}.",
    )


def _cancel_not_seen(facts: Facts) -> Finding | None:
    asked = facts.execution.cancel_requested_at
    if not facts.is_open or asked is None or facts.since(asked) < SOON:
        return None
    return Finding(
        rule="cancel_not_seen",
        what=f"It was asked to stop {span(facts.since(asked))} ago, and the runner has not stopped.",
        remedy="A tool call that never returns is the usual cause; the attempt ends with its invocation after at most"
        " 15 minutes.",
    )


def _not_started(facts: Facts) -> Finding | None:
    if not facts.knows_machine or not facts.should_run or facts.machine or facts.status is not Status.PENDING:
        return None
    age = facts.since(facts.execution.created_at)
    if age < SOON:
        return None
    return Finding(
        rule="not_started",
        what=f"It is PENDING for {span(age)} and has no state machine execution: its start was lost, and no sweep has"
        " started it since.",
        remedy="Tell the operator that the sweeps do not come (alarm ReconcilerFailing); the next one starts it.",
    )


def _machine_ended(facts: Facts) -> Finding | None:
    if not facts.knows_machine or not facts.is_open or facts.execution.queued_at:
        return None
    machine = facts.machine
    if (machine is None and facts.status is Status.PENDING) or (machine and machine.status == "RUNNING"):
        return None
    how = f"is {machine.status}{f' ({machine.error})' if machine.error else ''}" if machine else "is gone"
    return Finding(
        rule="machine_ended",
        what=f"The record is {facts.status}, but its state machine execution {how}.",
        remedy="The reconciler replaces it or ends the execution within minutes; if it stays so, tell the operator.",
    )


def _no_capacity(facts: Facts) -> Finding | None:
    if not facts.should_run or facts.machine is None or facts.machine.status != "RUNNING":
        return None
    entered = [step.state for step in facts.machine.steps if step.state]
    if not entered or entered[-1] != "WaitForCapacity":
        return None
    errors = [step.error for step in facts.machine.steps if step.error]
    return Finding(
        rule="no_capacity",
        what=f"The runner is refused at the moment ({errors[-1] if errors else 'no reason is known'}): its account or"
        " function has no capacity left.",
        remedy="It is tried again by itself until the deadline. The operator raises RunnerConcurrency or the account's"
        " Lambda concurrency if this goes on.",
    )


def _attempts_died(facts: Facts) -> Finding | None:
    error = facts.execution.error
    dead = [str(one.attempt) for one in attempts_of(facts.execution) if one.died and one.attempt != SYSTEM_ATTEMPT]
    if not dead or (error and error.category is Category.CRASH):  # that says it already
        return None
    many = f"Attempts {', '.join(dead)} died" if len(dead) > 1 else f"Attempt {dead[0]} died"
    return Finding(
        rule="attempts_died",
        what=f"{many} without saying why; what was finished was kept.",
        remedy="The operator finds the exit status or signal in the runner's log group; often it needs more memory.",
    )


def _overdue(facts: Facts) -> Finding | None:
    late = facts.since(facts.execution.deadline)
    if not facts.should_run or late < SOON:
        return None
    return Finding(
        rule="overdue",
        what=f"Its deadline passed {span(late)} ago, and it is still open.",
        remedy="The reconciler ends it ten minutes after the deadline; if it stays so, tell the operator.",
    )


def _silent(facts: Facts) -> Finding | None:
    execution, silence = facts.execution, facts.since(facts.execution.updated_at)
    if not facts.should_run or not execution.attempt or execution.cancel_requested_at or silence < SOON:
        return None
    task, agent = execution.progress.current_task, execution.progress.current_agent
    at = f" in crew task {task}" if task else ""
    who = f", agent {agent}" if agent else ""
    return Finding(
        rule="silent",
        what=f"Attempt {execution.attempt} has told nothing for {span(silence)}{at}{who}.",
        remedy="Most likely a model or tool call takes long: look at the last open call of the timeline; wait,"
        " or cancel and give the model or tool a timeout.",
    )


def _began_late(facts: Facts) -> Finding | None:
    created, started = facts.execution.created_at, facts.execution.started_at
    if started is None or started - created < SOON:
        return None
    return Finding(
        rule="began_late",
        what=f"It began {span(started - created)} after it was submitted.",
        remedy="It had waited for a slot of its group or for capacity: submit fewer at a time, or ask the operator for"
        " more.",
    )


def _trace_missing(facts: Facts) -> Finding | None:
    execution, queue = facts.execution, facts.queue
    if facts.is_open or facts.complete or execution.ended_at is None:
        return None
    died = [str(gap.attempt) for gap in facts.gaps if gap.last is None]
    whole = [gap for gap in facts.gaps if gap.last is not None]
    count = sum(gap.last - gap.first + 1 for gap in whole if gap.last is not None)
    what = f"{count} of its trace events are not recorded." if count else ""
    if died:
        what += f"{' ' if what else ''}What attempt {', '.join(died)} told after its last batch is lost, for it died."
    what = what or "Its trace is not complete yet."
    remedy = ""
    if count and queue and queue.dead:
        remedy = (
            f"{queue.dead} messages of the stack are in the trace dead-letter queue: the operator redrives them"
            " (docs/operations.md)."
        )
    elif count and (facts.since(execution.ended_at) < SOON or (queue and queue.waiting + queue.in_flight)):
        remedy = "Messages are still on their way; look again in a minute."
    elif count:
        remedy = "No queue has them any more; tell the operator."
    return Finding(rule="trace_missing", what=what, remedy=remedy)


def _trace_late(facts: Facts) -> Finding | None:
    if not facts.is_open or facts.queue is None or facts.queue.waiting < MANY_MESSAGES:
        return None
    return Finding(
        rule="trace_late",
        what=f"About {facts.queue.waiting} messages of the stack wait in the trace queue: this trace may be behind.",
        remedy="The crew is not slowed by it. If the number grows, the operator looks at the trace sink's log.",
    )


def _cost_unknown(facts: Facts) -> Finding | None:
    note = facts.execution.usage.cost_note
    if not note:
        return None
    remedy = "An admin of the group sets the price (stepcrew prices set). It counts for what is submitted then."
    if not note.startswith(NO_PRICE):
        remedy = "Set the server to tell `usage` with its answers; of this execution nobody can work it out any more."
    return Finding(rule="cost_unknown", what=f"What its models cost is not known: {note}", remedy=remedy)


RULES: tuple[Callable[[Facts], Finding | None], ...] = (
    *(_failed, _waits_for_slot, _limits_unreadable, _waits_for_person, _cancel_not_seen, _not_started),
    *(_machine_ended, _no_capacity, _attempts_died, _overdue, _silent, _began_late, _trace_missing),
    *(_trace_late, _cost_unknown),
)
