"""The state machines of executions and of batches. Only references travel through them."""

from __future__ import annotations

from stepcrew.aws import paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.machines import Machines
from stepcrew.domain.batch import Batch
from stepcrew.domain.diagnosis import Machine
from stepcrew.domain.execution import Execution
from stepcrew.domain.timestamps import timestamp
from stepcrew.services.ports import Orchestration


class StateMachine:
    """`Orchestrator` and `MachineHistory` over Step Functions: named as the execution."""

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self.machines = Machines(clients, state_machine_arn)

    def start(self, execution: Execution) -> None:
        self.machines.start(execution.execution_id, _reference(execution))

    def replace(self, execution: Execution) -> bool:
        return self.machines.replace(execution.execution_id, _reference(execution))

    def resume(self, token: str) -> None:
        self.machines.resume(token)

    def look(self, execution_id: str) -> Orchestration | None:
        return self.machines.look(execution_id)

    def history(self, execution_id: str, steps: int) -> Machine | None:
        return self.machines.history(execution_id, steps)


def _reference(execution: Execution) -> dict[str, str]:
    return {
        "group_id": execution.group_id,
        "execution_id": execution.execution_id,
        "deadline": timestamp(execution.deadline),
        **({"runner": execution.runner} if execution.runner else {}),
    }


class BatchMachine:
    """`BatchOrchestrator` over Step Functions: named as the batch and its round."""

    def __init__(self, clients: Clients, state_machine_arn: str) -> None:
        self.machines = Machines(clients, state_machine_arn)

    def start(self, batch: Batch) -> None:
        self.machines.start(_round(batch), _reference_of_round(batch))

    def replace(self, batch: Batch) -> bool:
        return self.machines.replace(_round(batch), _reference_of_round(batch))

    def resume(self, token: str) -> None:
        self.machines.resume(token)

    def look(self, batch: Batch) -> Orchestration | None:
        return self.machines.look(_round(batch))


def _round(batch: Batch) -> str:
    return f"{batch.batch_id}-round-{batch.round}"


def _reference_of_round(batch: Batch) -> dict[str, object]:
    return {
        "group_id": batch.group_id,
        "batch_id": batch.batch_id,
        "round": batch.round,
        "rows": paths.batch_round(batch.group_id, batch.batch_id, batch.round),
        "max_concurrency": batch.max_concurrency,
    }
