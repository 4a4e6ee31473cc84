"""The state machine executions: started under the execution's own id, woken by their token, looked at by their name."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.execution import Execution
from stepcrew.domain.timestamps import timestamp
from stepcrew.services.ports import Orchestration

MOST_MACHINES = 5
"""State machine executions that one execution may have, the first included."""
RUNNING = "RUNNING"
_WAITS_NO_MORE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StateMachine:
    """`Orchestrator` over Step Functions. Only references travel: group, execution and deadline.

    The first state machine execution is named as the execution, so that starting twice starts once. A name can not be
    used again for months, so those that replace it are named `<execution_id>-2`, `-3` and so on.
    """

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self._clients = clients
        self.arn = state_machine_arn

    def start(self, execution: Execution) -> None:
        self._start(execution, execution.execution_id)

    def replace(self, execution: Execution) -> bool:
        for name in _names(execution.execution_id)[1:]:
            if self._start(execution, name):
                return True
            taken = self._describe(name)
            if taken and taken.status == RUNNING:
                return True  # somebody else was faster
        return False

    def resume(self, token: str) -> None:
        with platform_errors("Waking the state machine"):
            try:
                self._clients.stepfunctions.send_task_success(taskToken=token, output="{}")
            except ClientError as error:
                if code_of(error) not in _WAITS_NO_MORE:
                    raise

    def look(self, execution_id: str) -> Orchestration | None:
        first, *others = _names(execution_id)
        # The first may be forgotten already while one that replaced it still waits for a person.
        latest = self._describe(first)
        for name in others:
            if latest and latest.status == RUNNING:
                break
            found = self._describe(name)
            if found is None:
                break
            latest = found
        return latest

    def _start(self, execution: Execution, name: str) -> bool:
        """Starts a state machine execution; answers False when the name is taken."""
        reference = {
            "group_id": execution.group_id,
            "execution_id": execution.execution_id,
            "deadline": timestamp(execution.deadline),
            **({"runner": execution.runner} if execution.runner else {}),
        }
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

    def _describe(self, name: str) -> Orchestration | None:
        arn = f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
        with platform_errors("Looking at the state machine"):
            try:
                found = self._clients.stepfunctions.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return Orchestration(found["status"], found.get("error", ""), found.get("cause", ""))


def _names(execution_id: str) -> list[str]:
    return [execution_id, *(f"{execution_id}-{number}" for number in range(2, MOST_MACHINES + 1))]
