"""What AWS measures when a stack is made, for a stack's name of the longest that fits.

Sources: "Lambda quotas" (AWS Lambda developer guide: 4 KB of environment variables for a function), "IAM and AWS STS
quotas" (IAM user guide: 10,240 characters of inline policies for a role, white space not counted), "Understand
CloudFormation quotas" (CloudFormation user guide), the names' patterns in the references of the services.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, cast

import pytest
from tests.template.reading import Template, inside, of_type, references

from stepcrew_local.layout import ROOT

LONGEST_STACK_NAME = 32
"""As docs/first-day-on-aws.md says. The tightest are the names of projects' functions, which begin with it
(tests/unit/domain/test_project_names.py)."""
VARIABLES_BYTES = 4096
FOR_PARAMETERS_BYTES = 900
"""Of an operator's own values (models, connections, limits …), as docs/operations.md says."""
POLICIES_CHARACTERS = 10_240
REGION, ACCOUNT, SUFFIX = "ap-southeast-2", "1" * 12, "ABCDEFGHIJKL"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/x/01234567-0123-0123-0123-0123456789ab",
    "AWS::StackName": "x" * LONGEST_STACK_NAME,
    "AWS::URLSuffix": "amazonaws.com",
}
MADE_NAMES = {"AWS::IAM::Role": 64, "AWS::S3::Bucket": 63, "AWS::SQS::Queue": 80, "AWS::Serverless::Function": 64}
"""How long the names are at most that CloudFormation makes."""
NAMES = {
    "AWS::ApiGatewayV2::Api": 128,
    "AWS::CloudFront::Function": 64,
    "AWS::CloudFront::OriginAccessControl": 64,
    "AWS::CloudFront::ResponseHeadersPolicy": 128,
    "AWS::CloudWatch::Alarm": 255,
    "AWS::CloudWatch::Dashboard": 255,
    "AWS::Cognito::UserPool": 128,
    "AWS::Cognito::UserPoolClient": 128,
    "AWS::Events::EventBus": 256,
    "AWS::Logs::LogGroup": 512,
    "AWS::Scheduler::ScheduleGroup": 64,
    "AWS::Serverless::LayerVersion": 64,
    "AWS::Serverless::StateMachine": 80,
}
"""How long the names are at most that begin with the stack's."""


class Deployed:
    """The template as a stack of the longest name has it, where it can be known before: every optional part is there,
    and parameters have their defaults."""

    def __init__(self, template: Template) -> None:
        self._template = template

    def value(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self.value(each) for each in cast("list[Any]", part)]
        if not isinstance(part, dict):
            return part
        fields = cast(Template, part)
        name = next(iter(fields), "")
        of: Any = fields.get(name)
        match name:
            case "Ref":
                return self._reference(of)
            case "Fn::GetAtt":
                return self._attribute(of[0], of[1])
            case "Fn::Sub":
                return self._filled(of, {}) if isinstance(of, str) else self._filled(of[0], of[1])
            case "Fn::If":
                return max(self.value(of[1]), self.value(of[2]), key=lambda choice: len(json.dumps(choice)))
            case "Fn::Join":
                return of[0].join(self.value(of[1]))
            case "Fn::Split":
                return self.value(of[1]).split(of[0])
            case "Fn::Select":
                return self.value(of[1])[of[0]]
            case _:
                return {key: self.value(each) for key, each in fields.items()}

    def _reference(self, name: str) -> Any:
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self._template["Parameters"]:
            kind, default = (self._template["Parameters"][name].get(key, "") for key in ("Type", "Default"))
            return str(default).split(",") if kind == "CommaDelimitedList" else str(default)
        if self._type(name) == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self._made_name(name)}"
        return (
            self._attribute(name, "Arn")
            if self._type(name) == "AWS::S3Vectors::VectorBucket"
            else self._made_name(name)
        )

    def _attribute(self, name: str, attribute: str) -> str:
        _, service, kind = self._type(name).lower().split("::")
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{kind}/{self._made_name(name)}" if "A" in attribute else "x" * 36

    def _filled(self, text: str, own: Template) -> str:
        def value_of(found: re.Match[str]) -> str:
            name, _, attribute = found[1].partition(".")
            if name in own:
                return self.value(own[name])
            return self._attribute(name, attribute) if attribute else self._reference(name)

        return re.sub(r"\$\{([^!}]+)\}", value_of, text)

    def _type(self, name: str) -> str:
        return self._template["Resources"][name]["Type"]

    def _made_name(self, name: str) -> str:
        most = MADE_NAMES.get(self._type(name), 255)
        return f"{PSEUDO['AWS::StackName']}-{name}"[: most - 1 - len(SUFFIX)] + f"-{SUFFIX}"


@pytest.fixture
def deployed(template: Template) -> Deployed:
    return Deployed(template)


def test_variables_of_functions_leave_room_for_parameters(template: Template, deployed: Deployed) -> None:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, function in of_type(template, "AWS::Serverless::Function").items():
        variables = deployed.value({**shared, **function["Environment"]["Variables"]})
        size = sum(len(f"{key}{value}") for key, value in variables.items())

        assert size <= VARIABLES_BYTES - FOR_PARAMETERS_BYTES, name


def test_policies_of_a_role_are_small_enough_together(template: Template, deployed: Deployed) -> None:
    sizes = Counter[str]()
    for kind in ("AWS::Serverless::Function", "AWS::Serverless::StateMachine", "AWS::IAM::Role"):
        for name, properties in of_type(template, kind).items():
            role = name if kind == "AWS::IAM::Role" else f"{name}Role"
            sizes[role] += sum(_characters(deployed.value(each)) for each in properties.get("Policies", []))
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for role in policy["Roles"]:
            sizes[role["Ref"]] += _characters(deployed.value(policy["PolicyDocument"]))

    assert {name: size for name, size in sizes.items() if size > POLICIES_CHARACTERS} == {}


def test_names_that_hold_the_stacks_fit(template: Template, deployed: Deployed) -> None:
    names = {
        (resource["Type"], logical_id): deployed.value(value)
        for logical_id, resource in template["Resources"].items()
        for key, value in _with_configuration(resource["Properties"])
        if key.endswith("Name") and "AWS::StackName" in references(value)
    }

    assert {kind for kind, _ in names} == NAMES.keys()
    assert {of: name for of, name in names.items() if len(name) > NAMES[of[0]]} == {}


def test_the_template_is_small_enough(template: Template) -> None:
    assert len((ROOT / "template.yaml").read_bytes()) <= 1_000_000
    assert len(template["Resources"]) <= 400  # of 500: SAM makes more of some
    assert len(template["Parameters"]) <= 200
    assert len(template["Outputs"]) <= 200


def _with_configuration(properties: Template) -> list[tuple[str, Any]]:
    """Properties, and what CloudFront keeps one level deeper."""
    inner = [item for key, value in properties.items() if key.endswith("Config") for item in inside(value)]
    return [*properties.items(), *inner]


def _characters(policy: Any) -> int:
    return len(json.dumps(policy, separators=(",", ":")))
