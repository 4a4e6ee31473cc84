"""Starting the state machine under the execution's own id, so that starting twice starts once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.aws.items import timestamp
from stepcrew.domain.execution import Execution

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient


class StateMachine:
    """`Orchestrator` over Step Functions. Only references travel: group, execution and deadline."""

    def __init__(self, client: SFNClient, state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(self, execution: Execution) -> None:
        reference = {
            "group_id": execution.group_id,
            "execution_id": execution.execution_id,
            "deadline": timestamp(execution.deadline),
        }
        with platform_errors("Starting the state machine"):
            try:
                self._client.start_execution(
                    stateMachineArn=self._arn, name=execution.execution_id, input=json.dumps(reference, sort_keys=True)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
