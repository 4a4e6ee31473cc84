"""Starting the state machine under the execution's own id, so that starting twice starts once."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.aws.items import timestamp
from stepcrew.domain.execution import Execution


class StateMachine:
    """`Orchestrator` over Step Functions. Only references travel: group, execution and deadline."""

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self._clients = clients
        self._arn = state_machine_arn

    def start(self, execution: Execution) -> None:
        reference = {
            "group_id": execution.group_id,
            "execution_id": execution.execution_id,
            "deadline": timestamp(execution.deadline),
        }
        with platform_errors("Starting the state machine"):
            try:
                self._clients.stepfunctions.start_execution(
                    stateMachineArn=self._arn, name=execution.execution_id, input=json.dumps(reference, sort_keys=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
