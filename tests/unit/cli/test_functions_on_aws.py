"""The function of a project on AWS: what CloudFormation is asked, checked against AWS's own model of its requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from stepcrew_cli.deploying.cloudformation import PROJECT, TOOL, AwsFunction, Kind
from stepcrew_cli.errors import CliError
from stepcrew_cli.places import function_templates
from stepcrew_local.template import read_template

NAMED = {"Platform": "prod", "Name": "poems-abc123", "GroupId": "demo", "GroupDigest": "0" * 16, "Bundle": "a" * 64}
STACK = f"prod-project-{'0' * 16}-poems-abc123"
STACK_ID = f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{STACK}/1"
VERSION = f"arn:aws:lambda:eu-west-1:123456789012:function:{STACK}:4"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/runner@sha256:" + "b" * 64
OUTPUTS = {
    **{name: f"the {name}" for name in ("TableName", "BucketName", "TraceQueueUrl", "AttemptRoleArn", "SecretsPrefix")},
    "RunnerFunctionName": "prod-runner",
}
CHANGE = {"Action": "Modify", "LogicalResourceId": "ProjectFunction", "ResourceType": "AWS::Lambda::Function"}


class Account:
    """A session whose clients answer what a test has put down, in that order."""

    def __init__(self, exits: ExitStack) -> None:
        keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "eu-west-1"}
        self.region_name = "eu-west-1"
        untyped: Any = boto3  # its stubs know only literal service names
        self._clients: dict[str, Any] = {name: untyped.client(name, **keys) for name in ("cloudformation", "lambda")}
        self._stubs = {name: exits.enter_context(Stubber(client)) for name, client in self._clients.items()}
        self.told: list[str] = []
        self.slept: list[float] = []

    def client(self, name: str) -> Any:
        return self._clients[name]

    def answers(self, method: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self._stubs["lambda" if method == "get_function" else "cloudformation"].add_response(method, answer, asked)

    def refuses(self, method: str, message: str) -> None:
        self._stubs["cloudformation"].add_client_error(method, "ValidationError", message)

    def stack(self, status: str = "UPDATE_COMPLETE", name: str = STACK, **more: Any) -> None:
        stack = {"StackName": name, "StackId": STACK_ID, "CreationTime": "2026-01-01", "StackStatus": status, **more}
        self.answers("describe_stacks", {"Stacks": [stack]})

    def no_stack(self) -> None:
        self.refuses("describe_stacks", f"Stack with id {STACK} does not exist")

    def platform(self) -> None:
        told = [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]
        self.stack(name="prod", Outputs=told)
        settings = {"Environment": {"Variables": {"DEFAULT_MODEL": "bedrock/nova", "RETENTION_DAYS": "14"}}}
        code = {"ImageUri": "runner:latest", "ResolvedImageUri": IMAGE}
        self.answers("get_function", {"Configuration": settings, "Code": code}, {"FunctionName": "prod-runner"})

    def change_set(self, kind: str, status: str = "CREATE_COMPLETE", reason: str = "", **asked: Any) -> None:
        self.answers(
            "create_change_set",
            {"Id": "x"},
            {
                "StackName": STACK,
                "ChangeSetName": ANY,
                "ChangeSetType": kind,
                "TemplateBody": ANY,
                "Parameters": ANY,
                "Capabilities": ANY,
                "Tags": ANY,
                **asked,
            },
        )
        self.answers("describe_change_set", {"Status": "CREATE_IN_PROGRESS"})
        changes = [{"Type": "Resource", "ResourceChange": CHANGE}] if status == "CREATE_COMPLETE" else []
        self.answers("describe_change_set", {"Status": status, "StatusReason": reason, "Changes": changes})

    def events(self, *events: tuple[str, str, str]) -> None:
        """Newest first, as CloudFormation tells them: (id, status, reason)."""
        told = [
            {
                "StackId": STACK_ID,
                "StackName": STACK,
                "EventId": event_id,
                "Timestamp": "2026-01-01",
                "LogicalResourceId": "ProjectFunction",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for event_id, status, reason in events
        ]
        self.answers("describe_stack_events", {"StackEvents": told})

    def was_asked_everything(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def account() -> Iterator[Account]:
    with ExitStack() as exits:
        made = Account(exits)
        yield made
        made.was_asked_everything()


def function(account: Account, named: dict[str, str] = NAMED, **given: str) -> AwsFunction:
    return AwsFunction(account, PROJECT, named, given, account.told.append, account.slept.append)


def deployed(**more: Any) -> dict[str, Any]:
    return {"Outputs": [{"OutputKey": "FunctionVersion", "OutputValue": VERSION}], **more}


def parameters_sent(account: Account, sent: list[dict[str, str]]) -> Callable[..., None]:
    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append({one["ParameterKey"]: one["ParameterValue"] for one in params["Parameters"]})

    account.client("cloudformation").meta.events.register("provide-client-params.cloudformation.CreateChangeSet", note)
    return note


def test_the_first_deployment_makes_the_stack_and_tells_its_progress(account: Account) -> None:
    sent: list[dict[str, str]] = []
    parameters_sent(account, sent)
    account.no_stack()
    account.platform()
    account.change_set("CREATE")
    account.events(("0", "REVIEW_IN_PROGRESS", ""))
    account.answers("execute_change_set", {}, {"StackName": STACK, "ChangeSetName": ANY})
    account.stack("CREATE_IN_PROGRESS")
    account.events(("1", "CREATE_IN_PROGRESS", ""), ("0", "REVIEW_IN_PROGRESS", ""))
    account.stack("CREATE_COMPLETE")
    account.events(("2", "CREATE_COMPLETE", ""), ("1", "CREATE_IN_PROGRESS", ""), ("0", "REVIEW_IN_PROGRESS", ""))
    account.stack("CREATE_COMPLETE", **deployed())
    assert function(account, MemorySize="3008").put() == VERSION
    assert account.told == ["ProjectFunction: CREATE_IN_PROGRESS", "ProjectFunction: CREATE_COMPLETE"]
    [parameters] = sent
    assert parameters | NAMED == parameters
    assert {parameters["TableName"], parameters["ImageUri"]} == {"the TableName", IMAGE}
    assert (parameters["DefaultModel"], parameters["RetentionDays"], parameters["MemorySize"]) == (
        "bedrock/nova",
        "14",
        "3008",
    )
    assert set(parameters) <= set(template_of(PROJECT)["Parameters"])


def test_nothing_to_change_answers_the_version_there_is(account: Account) -> None:
    account.stack()
    account.platform()
    account.change_set("UPDATE", "FAILED", "The submitted information didn't contain changes.")
    account.answers("delete_change_set", {}, {"StackName": STACK, "ChangeSetName": ANY})
    account.stack(**deployed())
    assert function(account).put() == VERSION
    assert account.told == [f"The stack {STACK} is as it should be."]


def test_what_was_chosen_stays_and_another_choice_makes_another_build(account: Account) -> None:
    sent: list[dict[str, str]] = []
    parameters_sent(account, sent)
    kept = [{"ParameterKey": "MemorySize", "ParameterValue": "3008"}, {"ParameterKey": "Bundle", "ParameterValue": "c"}]
    for _ in range(2):
        account.stack(Parameters=kept)
        account.platform()
        account.change_set("UPDATE")
        account.answers("delete_change_set", {})
    lines = function(account).plan()
    assert lines == ["Modify ProjectFunction (AWS::Lambda::Function)"]
    function(account, Timeout="300").plan()
    assert [one["MemorySize"] for one in sent] == ["3008", "3008"]
    assert [one["Bundle"] for one in sent] == ["a" * 64] * 2
    assert sent[0]["Build"] != sent[1]["Build"]


def test_a_dry_run_leaves_no_empty_stack_behind(account: Account) -> None:
    account.no_stack()
    account.platform()
    account.change_set("CREATE")
    account.answers("delete_change_set", {}, {"StackName": STACK, "ChangeSetName": ANY})
    account.answers("delete_stack", {}, {"StackName": STACK})
    assert len(function(account).plan()) == 1


def test_a_failure_is_told_by_its_first_cause(account: Account) -> None:
    account.stack()
    account.platform()
    account.change_set("UPDATE")
    account.events()
    account.answers("execute_change_set", {})
    account.stack("UPDATE_ROLLBACK_COMPLETE")
    account.events(
        ("3", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [ProjectFunction]."),
        ("2", "UPDATE_FAILED", "Resource update cancelled"),
        ("1", "UPDATE_FAILED", "Source image does not exist."),
    )
    with pytest.raises(CliError, match=r"(?s)UPDATE_ROLLBACK_COMPLETE.*Source image") as caught:
        function(account).put()
    assert "cancelled" not in caught.value.message


def test_a_stack_that_was_never_made_whole_is_made_anew(account: Account) -> None:
    account.stack("ROLLBACK_COMPLETE")
    account.events()
    account.answers("delete_stack", {}, {"StackName": STACK_ID})
    account.stack("DELETE_COMPLETE")
    account.events()
    account.platform()
    account.change_set("CREATE")
    account.answers("delete_change_set", {})
    account.answers("delete_stack", {}, {"StackName": STACK})
    assert function(account).plan()
    assert "ROLLBACK_COMPLETE" in account.told[0]


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"])
def test_a_stack_that_cannot_be_changed_now_is_left_alone(account: Account, status: str) -> None:
    account.stack(status)
    with pytest.raises(CliError, match=status):
        function(account).put()


def test_what_cloudformation_refuses_is_told_and_leaves_nothing(account: Account) -> None:
    account.no_stack()
    account.platform()
    account.change_set("CREATE", "FAILED", "Parameter MemorySize must be a number not less than 512.")
    account.answers("delete_change_set", {})
    account.answers("delete_stack", {})
    with pytest.raises(CliError, match="not less than 512"):
        function(account, MemorySize="1").put()


def test_a_platform_that_is_older_than_projects_is_told(account: Account) -> None:
    account.no_stack()
    account.stack(name="prod", Outputs=[])
    with pytest.raises(CliError, match="prod has no output TableName"):
        function(account).put()


def test_the_stack_is_removed_and_removing_it_again_finds_none(account: Account) -> None:
    account.stack()
    account.events(("0", "CREATE_COMPLETE", ""))
    account.answers("delete_stack", {}, {"StackName": STACK_ID})
    account.stack("DELETE_IN_PROGRESS")
    account.events(("1", "DELETE_IN_PROGRESS", ""), ("0", "CREATE_COMPLETE", ""))
    account.stack("DELETE_COMPLETE")
    account.events(("2", "DELETE_COMPLETE", ""), ("1", "DELETE_IN_PROGRESS", ""), ("0", "CREATE_COMPLETE", ""))
    account.no_stack()
    assert function(account).remove()
    assert not function(account).remove()
    assert account.told[-1] == "ProjectFunction: DELETE_COMPLETE"


def test_only_parameters_of_the_deployers_choice_are_taken(account: Account) -> None:
    with pytest.raises(CliError, match="no parameter GroupId"):
        function(account, GroupId="other")


def test_a_stack_that_never_ends_is_given_up(account: Account) -> None:
    account.stack()
    account.platform()
    account.change_set("UPDATE")
    account.events()
    account.answers("execute_change_set", {})
    for _ in range(900):
        account.stack("UPDATE_IN_PROGRESS")
        account.events()
    with pytest.raises(CliError, match="after 30 minutes"):
        function(account).put()
    assert sum(account.slept) < 1810


@pytest.mark.parametrize("kind", [PROJECT, TOOL])
def test_a_template_is_given_every_parameter_it_needs(kind: Kind) -> None:
    template = template_of(kind)
    needed = {name for name, one in template["Parameters"].items() if "Default" not in one}
    assert needed == {*NAMED, *kind.from_platform, "ImageUri"}
    assert {*kind.own, *kind.from_runner, "Build"} <= set(template["Parameters"]) - needed
    [function] = (one["Properties"] for one in template["Resources"].values() if one["Type"].endswith("::Function"))
    assert function["FunctionName"] == {"Fn::Sub": f"${{Platform}}-{kind.word}-${{GroupDigest}}-${{Name}}"}


def template_of(kind: Kind) -> dict[str, Any]:
    return read_template(function_templates() / kind.template)
