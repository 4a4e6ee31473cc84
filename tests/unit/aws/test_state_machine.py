from __future__ import annotations

from collections.abc import Generator

import pytest
from botocore.stub import Stubber
from tests.aws_table import ID, emulated_aws, execution

from stepcrew.aws.clients import Clients
from stepcrew.aws.state_machine import StateMachine
from stepcrew.domain.errors import PlatformUnavailable

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


def test_a_machine_is_looked_at_by_the_executions_id(machine: StateMachine) -> None:
    assert machine.look(ID) is None

    machine.start(execution())
    machine.start(execution())

    found = machine.look(ID)
    assert found
    assert (found.status, found.error, found.cause) == ("RUNNING", "", "")


def test_a_machine_that_was_stopped_tells_by_what(clients: Clients, machine: StateMachine) -> None:
    machine.start(execution())
    [listed] = clients.stepfunctions.list_executions(stateMachineArn=machine.arn)["executions"]
    clients.stepfunctions.stop_execution(executionArn=listed["executionArn"], error="Operator", cause="by hand")

    found = machine.look(ID)
    assert found
    assert found.status == "ABORTED"


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
