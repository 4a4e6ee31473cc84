"""The state machine executions: started under the execution's own id, woken by their token, looked at by their name."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.aws.items import timestamp
from stepcrew.domain.execution import Execution
from stepcrew.services.ports import Orchestration

_WAITS_NO_MORE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})


class StateMachine:
    """`Orchestrator` over Step Functions. Only references travel: group, execution and deadline."""

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self._clients = clients
        self.arn = state_machine_arn

    def start(self, execution: Execution) -> None:
        reference = {
            "group_id": execution.group_id,
            "execution_id": execution.execution_id,
            "deadline": timestamp(execution.deadline),
        }
        with platform_errors("Starting the state machine"):
            try:
                self._clients.stepfunctions.start_execution(
                    stateMachineArn=self.arn, name=execution.execution_id, input=json.dumps(reference, sort_keys=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise

    def resume(self, token: str) -> None:
        with platform_errors("Waking the state machine"):
            try:
                self._clients.stepfunctions.send_task_success(taskToken=token, output="{}")
            except ClientError as error:
                if code_of(error) not in _WAITS_NO_MORE:
                    raise

    def look(self, execution_id: str) -> Orchestration | None:
        arn = f"{self.arn.replace(':stateMachine:', ':execution:', 1)}:{execution_id}"
        with platform_errors("Looking at the state machine"):
            try:
                found = self._clients.stepfunctions.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) == "ExecutionDoesNotExist":
                    return None
                raise
        return Orchestration(found["status"], found.get("error", ""), found.get("cause", ""))
