from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from tests.aws_table import ID, NOW, emulated_aws, execution

from stepcrew.aws.clients import Clients
from stepcrew.aws.machines import MOST_MACHINES
from stepcrew.aws.state_machine import StateMachine
from stepcrew.domain.errors import PlatformUnavailable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import ExecutionListItemTypeDef

ROLE = "arn:aws:iam::123456789012:role/machine"
DEFINITION = '{"StartAt": "Finish", "States": {"Finish": {"Type": "Succeed"}}}'
TOKEN = "AQCEAAAAKgAAAAMAAAAA"


@pytest.fixture
def clients() -> Generator[Clients]:
    with emulated_aws() as aws:
        yield aws.clients


@pytest.fixture
def machine(clients: Clients) -> StateMachine:
    created = clients.stepfunctions.create_state_machine(name="stepcrew-execution", definition=DEFINITION, roleArn=ROLE)
    return StateMachine(clients, created["stateMachineArn"])


def listed(clients: Clients, machine: StateMachine) -> list[ExecutionListItemTypeDef]:
    return clients.stepfunctions.list_executions(stateMachineArn=machine.machines.arn)["executions"]


def end(clients: Clients, machine: StateMachine) -> None:
    """Stops whatever runs."""
    for entry in listed(clients, machine):
        if entry["status"] == "RUNNING":
            clients.stepfunctions.stop_execution(executionArn=entry["executionArn"], error="Operator", cause="by hand")


def test_a_machine_is_looked_at_by_the_executions_id(machine: StateMachine) -> None:
    assert machine.look(ID) is None

    machine.start(execution())
    machine.start(execution())

    found = machine.look(ID)
    assert found
    assert (found.status, found.error, found.cause) == ("RUNNING", "", "")


def test_a_machine_that_was_stopped_tells_by_what(clients: Clients, machine: StateMachine) -> None:
    machine.start(execution())
    end(clients, machine)

    found = machine.look(ID)
    assert found
    assert found.status == "ABORTED"


def test_a_machine_that_has_ended_is_replaced_under_another_name_once(clients: Clients, machine: StateMachine) -> None:
    machine.start(execution())
    end(clients, machine)

    assert machine.replace(execution())
    assert machine.replace(execution())

    names = {entry["name"] for entry in listed(clients, machine)}
    assert names == {ID, f"{ID}-2"}
    found = machine.look(ID)
    assert found
    assert found.status == "RUNNING"


def test_a_machine_that_replaced_one_long_forgotten_is_found(machine: StateMachine) -> None:
    assert machine.replace(execution())

    found = machine.look(ID)
    assert found
    assert found.status == "RUNNING"


def test_machines_are_not_replaced_for_ever(clients: Clients, machine: StateMachine) -> None:
    machine.start(execution())
    end(clients, machine)
    for _ in range(MOST_MACHINES - 1):
        assert machine.replace(execution())
        end(clients, machine)

    assert not machine.replace(execution())
    assert len(listed(clients, machine)) == MOST_MACHINES


def test_a_token_wakes_the_machine_with_nothing_but_itself(clients: Clients) -> None:
    with Stubber(clients.stepfunctions) as answers:
        answers.add_response("send_task_success", {}, {"taskToken": TOKEN, "output": "{}"})
        StateMachine(clients, "arn:aws:states:us-east-1:123456789012:stateMachine:m").resume(TOKEN)
        answers.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_machine_that_does_not_wait_any_more_is_left_alone(clients: Clients, code: str) -> None:
    with Stubber(clients.stepfunctions) as answers:
        answers.add_client_error("send_task_success", code)
        StateMachine(clients, "arn:aws:states:us-east-1:123456789012:stateMachine:m").resume(TOKEN)
        answers.assert_no_pending_responses()


def test_a_machine_that_cannot_be_reached_is_a_fault_of_the_platform(clients: Clients) -> None:
    machine = StateMachine(clients, "arn:aws:states:us-east-1:123456789012:stateMachine:m")
    with Stubber(clients.stepfunctions) as answers:
        answers.add_client_error("send_task_success", "AccessDeniedException")
        answers.add_client_error("describe_execution", "AccessDeniedException")
        with pytest.raises(PlatformUnavailable, match="AccessDenied"):
            machine.resume(TOKEN)
        with pytest.raises(PlatformUnavailable, match="AccessDenied"):
            machine.look(ID)


def test_the_history_tells_states_and_errors_and_no_data(clients: Clients, machine: StateMachine) -> None:
    machine.start(execution())
    end(clients, machine)
    arn = f"{machine.machines.arn.replace(':stateMachine:', ':execution:')}:{ID}"
    failed = {"resourceType": "lambda", "resource": "invoke", "error": "Runtime.ExitError", "cause": "private"}
    at = {"timestamp": NOW, "previousEventId": 0}
    newest_first: list[Any] = [
        {"id": 4, "type": "ExecutionAborted", **at, "executionAbortedEventDetails": {"error": "Operator"}},
        {"id": 3, "type": "TaskFailed", **at, "taskFailedEventDetails": failed},
        {"id": 2, "type": "TaskScheduled", **at},
        {"id": 1, "type": "TaskStateEntered", **at, "stateEnteredEventDetails": {"name": "RunCrew"}},
    ]
    asked = {"executionArn": arn, "reverseOrder": True, "maxResults": 50, "includeExecutionData": False}
    described = clients.stepfunctions.describe_execution(executionArn=arn)
    described.pop("ResponseMetadata")
    with Stubber(clients.stepfunctions) as stub:
        stub.add_response("describe_execution", described, {"executionArn": arn})
        stub.add_client_error("describe_execution", "ExecutionDoesNotExist")
        stub.add_response("get_execution_history", {"events": newest_first}, asked)
        found = machine.history(ID, 10)
    assert found
    assert [(step.state, step.error) for step in found.steps] == [
        *(("RunCrew", None), (None, "Runtime.ExitError"), (None, "Operator")),
    ]
    assert "private" not in found.model_dump_json()


def test_what_was_never_started_has_no_history(machine: StateMachine) -> None:
    assert machine.history(ID, 10) is None
