"""State machine executions by their names, so that starting twice starts once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.diagnosis import Machine, MachineStep
from stepcrew.services.ports import Orchestration

MOST_MACHINES = 5
"""State machine executions that one thing may have, the first included."""
RUNNING = "RUNNING"
_WAITS_NO_MORE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class Machines:
    """Executions of one state machine. The first one of a thing is named as the thing. A name can not be used again for
    months, so those that replace it are named `<name>-2`, `-3` and so on."""

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self._clients = clients
        self.arn = state_machine_arn

    def start(self, name: str, reference: Mapping[str, object]) -> bool:
        """Starts one with this input; answers False when the name is taken."""
        with platform_errors("Starting the state machine"):
            try:
                self._clients.stepfunctions.start_execution(
                    stateMachineArn=self.arn, name=name, input=json.dumps(reference, sort_keys=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return False
        return True

    def replace(self, first: str, reference: Mapping[str, object]) -> bool:
        """Starts another one, under the next name, in place of one that has ended; False when all names are taken."""
        for name in _names(first)[1:]:
            if self.start(name, reference):
                return True
            taken = self._describe(name)
            if taken and taken.status == RUNNING:
                return True  # somebody else was faster
        return False

    def look(self, first: str) -> Orchestration | None:
        """How it stands, the latest if it was replaced; None when there is none."""
        found = self._latest(first)
        return found[1] if found else None

    def history(self, first: str, steps: int) -> Machine | None:
        """The same with up to so many of its last steps. Neither data nor causes are read: a cause is written for
        operators and may tell of other executions."""
        found = self._latest(first)
        if found is None:
            return None
        name, standing = found
        with platform_errors("Reading the history of the state machine"):
            # The events of one step are about five: a state entered and left, its task scheduled, started and ended.
            events = self._clients.stepfunctions.get_execution_history(
                executionArn=self._arn(name), reverseOrder=True, maxResults=5 * steps, includeExecutionData=False
            )["events"]
        told = [step for event in reversed(events) if (step := _step(event))]
        return Machine(status=standing.status, error=standing.error, steps=told[-steps:])

    def _latest(self, first: str) -> tuple[str, Orchestration] | None:
        # The first may be forgotten already while one that replaced it still waits for a person.
        standing = self._describe(first)
        latest = (first, standing) if standing else None
        for name in _names(first)[1:]:
            if latest and latest[1].status == RUNNING:
                break
            found = self._describe(name)
            if found is None:
                break
            latest = name, found
        return latest

    def resume(self, token: str) -> None:
        """Lets one that waits on this task token go on; one that does not wait any more is left alone."""
        with platform_errors("Waking the state machine"):
            try:
                self._clients.stepfunctions.send_task_success(taskToken=token, output="{}")
            except ClientError as error:
                if code_of(error) not in _WAITS_NO_MORE:
                    raise

    def _describe(self, name: str) -> Orchestration | None:
        with platform_errors("Looking at the state machine"):
            try:
                found = self._clients.stepfunctions.describe_execution(executionArn=self._arn(name))
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return Orchestration(found["status"], found.get("error", ""), found.get("cause", ""))

    def _arn(self, name: str) -> str:
        return f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{name}"


def _step(event: Mapping[str, Any]) -> MachineStep | None:
    """A state that was entered, and whatever failed or ended the state machine execution; None for all else."""
    kind: str = event["type"]
    details: list[Mapping[str, Any]] = [found for name, found in event.items() if name.endswith("EventDetails")]
    error = next((found["error"] for found in details if found.get("error")), None)
    state = next((found.get("name") for found in details), None) if kind.endswith("StateEntered") else None
    if not (state or error or kind.startswith("Execution")):
        return None
    return MachineStep(at=event["timestamp"], event=kind, state=state, error=error)


def _names(first: str) -> list[str]:
    return [first, *(f"{first}-{number}" for number in range(2, MOST_MACHINES + 1))]
