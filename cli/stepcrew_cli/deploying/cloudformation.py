"""Functions of projects and tools on AWS: one CloudFormation stack of a template for each, changed by change sets."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any, NamedTuple

from stepcrew_cli.admin.aws import explained, find_stack, stack_outputs
from stepcrew_cli.errors import CliError
from stepcrew_cli.places import function_templates

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
OUTPUT = "FunctionVersion"
POLL_SECONDS = 2.0
MOST_SECONDS = 1800.0
NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
"""Of a stack whose first deployment failed, or that was not deleted whole. It can only be deleted."""
CONSEQUENCES = ("cancelled", "The following resource(s) failed")
"""What CloudFormation says of resources that failed only because another one did."""


class Kind(NamedTuple):
    """What is deployed.

    Attributes:
        word: project or tool. It stands in the names of the stack and of all that is in it.
        template: the file's name.
        from_platform: outputs of the platform's stack that are parameters of the template.
        from_runner: parameters whose values are the shared runner's, by the variable that tells them.
        own: parameters that the deployer chooses; what was chosen stays until something else is.
    """

    word: str
    template: str
    from_platform: tuple[str, ...]
    from_runner: Mapping[str, str]
    own: tuple[str, ...]


SIZES = ("MemorySize", "Timeout", "TemporaryMegabytes", "LogRetentionDays")
PROJECT = Kind(
    "project",
    "template.yaml",
    ("TableName", "BucketName", "TraceQueueUrl", "AttemptRoleArn", "SecretsPrefix"),
    {
        "DefaultModel": "DEFAULT_MODEL",
        "RetentionDays": "RETENTION_DAYS",
        "MemoryRetentionDays": "MEMORY_RETENTION_DAYS",
        "MemoryBackend": "MEMORY_BACKEND",
        "VectorBucketName": "VECTOR_BUCKET_NAME",
    },
    (*SIZES, "ProjectModel"),
)
TOOL = Kind("tool", "tool.yaml", ("BucketName", "SecretsPrefix"), {}, SIZES)


class Stack(NamedTuple):
    stack_id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]


class ChangeSet(NamedTuple):
    """`changes` are lines for people; empty when there is nothing to change."""

    name: str
    is_first: bool
    changes: list[str]


class AwsFunction:
    """`DeployedFunction` in the account and region of the session.

    Args:
        named: parameters that tell this function from others; `Bundle` only where it is deployed.
        given: parameters that the deployer chose.
        tell: gets a line for each step.
    """

    def __init__(
        self,
        session: Any,
        kind: Kind,
        named: Mapping[str, str],
        given: Mapping[str, str],
        tell: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        unknown = sorted(set(given) - set(kind.own))
        if unknown:
            raise CliError(f"There is no parameter {unknown[0]}.", remedy=f"Parameters: {', '.join(kind.own)}.")
        self._session = session
        self._kind = kind
        self._named = named
        self._given = given
        self._tell = tell
        self._sleep = sleep
        # The stack is called as the function in it is.
        self._name = stack_name(kind, named)

    def put(self) -> str:
        stack = self._name
        with explained(), closing(self._session.client("cloudformation")) as cloudformation:
            changed = self._change_set(cloudformation)
            if not changed.changes:
                self._discard(cloudformation, changed)
                self._tell(f"The stack {stack} is as it should be.")
            else:
                told = {event["EventId"] for event in _events(cloudformation, stack)}
                cloudformation.execute_change_set(StackName=stack, ChangeSetName=changed.name)
                self._follow(cloudformation, stack, told)
            found = _stack(cloudformation, stack)
        if found is None or OUTPUT not in found.outputs:
            raise CliError(f"The stack {stack} has no output {OUTPUT}.", remedy="Was it changed by hand? Undeploy it.")
        return found.outputs[OUTPUT]

    def plan(self) -> list[str]:
        with explained(), closing(self._session.client("cloudformation")) as cloudformation:
            changed = self._change_set(cloudformation)
            self._discard(cloudformation, changed)
        return changed.changes

    def remove(self) -> bool:
        with explained(), closing(self._session.client("cloudformation")) as cloudformation:
            found = _stack(cloudformation, self._name)
            if found is None:
                return False
            self._delete(cloudformation, found)
        return True

    def _change_set(self, cloudformation: Any) -> ChangeSet:
        """Made, and examined by CloudFormation; not executed."""
        stack = self._name
        found = _stack(cloudformation, stack)
        if found and found.status in NEVER_MADE:
            self._tell(f"The stack {stack} is {found.status}: it is deleted and made anew.")
            self._delete(cloudformation, found)
            found = None
        is_first = found is None or found.status == "REVIEW_IN_PROGRESS"
        if found and not is_first:
            if found.status.endswith("_IN_PROGRESS"):
                raise CliError(f"The stack {stack} is {found.status}.", remedy="Wait until that has ended.")
            if found.status == "UPDATE_ROLLBACK_FAILED":
                remedy = f"aws cloudformation continue-update-rollback --stack-name {stack}"
                raise CliError(f"The stack {stack} is {found.status}.", remedy=f"First: {remedy}")
        name = f"stepcrew-{uuid.uuid4().hex}"
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="CREATE" if is_first else "UPDATE",
            TemplateBody=(function_templates() / self._kind.template).read_text(),
            Parameters=self._parameters(None if is_first else found),
            Capabilities=CAPABILITIES,
            Tags=[{"Key": "project", "Value": "stepcrew"}, {"Key": "stack", "Value": self._named["Platform"]}],
        )
        return self._examined(cloudformation, ChangeSet(name, is_first, []))

    def _examined(self, cloudformation: Any, made: ChangeSet) -> ChangeSet:
        for _ in self._patience(f"The change set of {self._name} is not ready"):
            pages = [cloudformation.describe_change_set(StackName=self._name, ChangeSetName=made.name)]
            while pages[-1].get("NextToken"):
                pages.append(
                    cloudformation.describe_change_set(
                        StackName=self._name, ChangeSetName=made.name, NextToken=pages[-1]["NextToken"]
                    )
                )
            status, reason = pages[0]["Status"], str(pages[0].get("StatusReason") or "")
            if status == "CREATE_COMPLETE":
                changes = [change["ResourceChange"] for page in pages for change in page.get("Changes", [])]
                return made._replace(changes=[_line(change) for change in changes])
            if status == "FAILED":
                if "didn't contain changes" in reason or "No updates are to be performed" in reason:
                    return made
                self._discard(cloudformation, made)
                raise CliError(f"CloudFormation refuses the change of {self._name}: {reason}")
        raise AssertionError("patience ends with an error")

    def _discard(self, cloudformation: Any, made: ChangeSet) -> None:
        """With the stack, where only the change set made it: an empty one would be left."""
        cloudformation.delete_change_set(StackName=self._name, ChangeSetName=made.name)
        if made.is_first:
            cloudformation.delete_stack(StackName=self._name)

    def _parameters(self, stack: Stack | None) -> list[dict[str, Any]]:
        platform = self._named["Platform"]
        outputs = stack_outputs(self._session, platform)
        missing = [name for name in (*self._kind.from_platform, "RunnerFunctionName") if name not in outputs]
        if missing:
            raise CliError(
                f"The platform's stack {platform} has no output {missing[0]}.",
                remedy="Deploy the platform in its present version first.",
            )
        with closing(self._session.client("lambda")) as functions:
            runner = functions.get_function(FunctionName=outputs["RunnerFunctionName"])
        settings = runner["Configuration"].get("Environment", {}).get("Variables", {})
        values = {
            **self._named,
            **{name: outputs[name] for name in self._kind.from_platform},
            **{name: settings[variable] for name, variable in self._kind.from_runner.items() if variable in settings},
            # With its digest: a tag may stand for another image tomorrow.
            "ImageUri": runner["Code"].get("ResolvedImageUri") or runner["Code"]["ImageUri"],
        }
        kept = {name: stack.parameters[name] for name in self._kind.own if name in stack.parameters} if stack else {}
        chosen = {**kept, **self._given}
        # Its version of the function is made anew whenever any of this changes, and only then.
        build = hashlib.sha256(json.dumps({**values, **chosen}, sort_keys=True).encode()).hexdigest()[:16]
        return [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in sorted({**values, **chosen, "Build": build}.items())
        ]

    def _delete(self, cloudformation: Any, stack: Stack) -> None:
        """By its id, it can be asked for after its end too."""
        told = {event["EventId"] for event in _events(cloudformation, stack.stack_id)}
        cloudformation.delete_stack(StackName=stack.stack_id)
        self._follow(cloudformation, stack.stack_id, told)

    def _follow(self, cloudformation: Any, stack: str, told: set[str]) -> None:
        """Tells every event of the stack that is not in `told`, until the operation ends. Raises CliError with the
        reasons when it failed."""
        failures: list[str] = []
        for _ in self._patience(f"The stack {self._name} is still being changed"):
            status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            for event in _events(cloudformation, stack):
                if event["EventId"] in told:
                    continue
                told.add(event["EventId"])
                line, reason = _event_line(event), str(event.get("ResourceStatusReason") or "")
                self._tell(line)
                if event["ResourceStatus"].endswith("_FAILED") and not any(part in reason for part in CONSEQUENCES):
                    failures.append(line)
            if status.endswith("_IN_PROGRESS"):
                continue
            if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"):
                return
            reasons = "\n".join(failures) or "CloudFormation tells no reason."
            raise CliError(f"CloudFormation failed; the stack {self._name} is {status}.\n{reasons}")

    def _patience(self, what: str) -> Iterator[int]:
        """Turns with a pause between them. Raises CliError when there were too many."""
        for turn in range(int(MOST_SECONDS / POLL_SECONDS)):
            if turn:
                self._sleep(POLL_SECONDS)
            yield turn
        raise CliError(f"{what} after {int(MOST_SECONDS / 60)} minutes.", remedy="Look at it in CloudFormation.")


def stack_name(kind: Kind, named: Mapping[str, str]) -> str:
    """Of the stack, and of the function in it."""
    return "-".join((named["Platform"], kind.word, named["GroupDigest"], named["Name"]))


def _stack(cloudformation: Any, name: str) -> Stack | None:
    found = find_stack(cloudformation, name)
    if found is None:
        return None
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}
    return Stack(found["StackId"], found["StackStatus"], parameters, outputs)


def _events(cloudformation: Any, stack: str) -> list[dict[str, Any]]:
    """The newest page, oldest first; one operation on this small stack makes fewer events than a page has."""
    return [*reversed(cloudformation.describe_stack_events(StackName=stack)["StackEvents"])]


def _event_line(event: Mapping[str, Any]) -> str:
    reason = event.get("ResourceStatusReason")
    return f"{event['LogicalResourceId']}: {event['ResourceStatus']}" + (f" ({reason})" if reason else "")


def _line(change: Mapping[str, Any]) -> str:
    replaced = ", replaced" if change.get("Replacement") == "True" else ""
    return f"{change['Action']} {change['LogicalResourceId']} ({change['ResourceType']}{replaced})"
