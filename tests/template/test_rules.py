"""Which parameters CloudFormation refuses together, before it makes or changes anything.

Rules: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.template.reading import inside

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/1"
ISSUER, CONSOLE = "https://issuer.example.com", "https://crews.example.com"


FUNCTIONS: dict[str, Callable[[list[Any]], bool]] = {
    "Fn::Equals": lambda values: values[0] == values[1],
    "Fn::Not": lambda values: not values[0],
    "Fn::And": all,
    "Fn::Or": any,
}


def holds(function: Any, parameters: dict[str, str]) -> Any:
    """The value of a rule's function."""
    if not isinstance(function, dict):
        return function
    [(name, given)] = inside(function)
    if name == "Ref":
        return parameters[given]
    return FUNCTIONS[name]([holds(each, parameters) for _, each in inside(given)])


def refusals(template: dict[str, Any], **given: str) -> set[str]:
    """Names of the rules that do not hold, all other parameters at their defaults."""
    defaults = {name: str(each.get("Default", "")) for name, each in template["Parameters"].items()}
    assert given.keys() <= defaults.keys()
    parameters = {**defaults, **given}
    return {
        name
        for name, rule in template["Rules"].items()
        if holds(rule.get("RuleCondition", True), parameters)
        and not all(holds(each["Assert"], parameters) for each in rule["Assertions"])
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"JwtIssuer": ISSUER, "JwtAudience": "stepcrew"},
        {"JwtIssuer": ISSUER, "JwtAudience": "stepcrew", "ConsoleClientId": "console", "SignInOrigins": ISSUER},
        {"ConsoleUrl": CONSOLE},
        {"ConsoleUrl": CONSOLE, "ConsoleCertificateArn": CERTIFICATE},
    ],
)
def test_parameters_that_fit_together_are_taken(template: dict[str, Any], given: dict[str, str]) -> None:
    assert refusals(template, **given) == set()


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"JwtIssuer": ISSUER}, "IssuerAndAudience"),
        ({"JwtAudience": "stepcrew"}, "IssuerAndAudience"),
        ({"ConsoleCertificateArn": CERTIFICATE}, "CertificateNeedsAddress"),
        ({"ConsoleClientId": "console"}, "SignInOfAnIssuerOfYourOwn"),
        ({"SignInOrigins": ISSUER}, "SignInOfAnIssuerOfYourOwn"),
    ],
)
def test_half_of_a_pair_is_refused(template: dict[str, Any], given: dict[str, str], rule: str) -> None:
    assert refusals(template, **given) == {rule}


def test_every_rule_says_what_to_do(template: dict[str, Any]) -> None:
    said = [each["AssertDescription"] for rule in template["Rules"].values() for each in rule["Assertions"]]
    assert all(len(text) > 40 for text in said)
