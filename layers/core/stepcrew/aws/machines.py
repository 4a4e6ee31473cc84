"""State machine executions by their names, so that starting twice starts once."""

from __future__ import annotations

import json
from collections.abc import Mapping

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
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
        # The first may be forgotten already while one that replaced it still waits for a person.
        latest = self._describe(first)
        for name in _names(first)[1:]:
            if latest and latest.status == RUNNING:
                break
            found = self._describe(name)
            if found is None:
                break
            latest = found
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
        arn = f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{name}"
        with platform_errors("Looking at the state machine"):
            try:
                found = self._clients.stepfunctions.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return Orchestration(found["status"], found.get("error", ""), found.get("cause", ""))


def _names(first: str) -> list[str]:
    return [first, *(f"{first}-{number}" for number in range(2, MOST_MACHINES + 1))]
