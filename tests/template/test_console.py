"""The console's distribution, and what must know its address."""

from __future__ import annotations

import json
from typing import Any

from tests.template.reading import references, texts


def test_one_deployment_is_enough_for_the_console_to_sign_in(template: dict[str, Any]) -> None:
    """The pool's client, which leads back to the console only, takes the address from the distribution itself."""
    client = template["Resources"]["UserPoolClient"]["Properties"]["CallbackURLs"]

    assert "ConsoleDistribution" in references(client)
    assert not needed_by(template, "ConsoleDistribution") & {"UserPoolClient", "Authorizer", "ApiFunction", "Bucket"}


def test_the_console_may_fetch_large_payloads_from_the_bucket(template: dict[str, Any]) -> None:
    bucket = template["Resources"]["Bucket"]["Properties"]
    policy = template["Resources"]["ConsoleHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    [text, values] = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    [address, id_of_stack] = values["Payloads"]["Fn::Sub"]
    [name, id_in_name] = bucket["BucketName"]["Fn::Sub"]

    # The policy names the bucket's regional address, and no other bucket's.
    assert "connect-src 'self' ${Payloads} ${SignIn};" in text
    assert address == f"https://{name}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}"
    assert id_of_stack == id_in_name
    # The bucket answers the console's origin, wherever that is.
    origins = json.dumps(bucket["CorsConfiguration"])
    assert "${ConsoleDistribution.DomainName}" in origins
    assert "ConsoleUrl" in references(bucket["CorsConfiguration"])


def test_names_that_an_account_has_once_hold_the_region(template: dict[str, Any]) -> None:
    """CloudFront is global: its functions, policies and access controls are named once in an account."""
    named = {
        name: set(texts(properties))
        for name, resource in template["Resources"].items()
        if resource["Type"].startswith("AWS::CloudFront::")
        for properties in [names_in(resource["Properties"])]
        if properties
    }

    assert named.keys() == {"ConsoleAccess", "ConsoleRouting", "ConsoleHeaders"}
    assert all("${AWS::StackName}" in text and "${AWS::Region}" in text for found in named.values() for text in found)


def needed_by(template: dict[str, Any], name: str) -> set[str]:
    """Everything that must exist before the resource."""
    resources, found, open_ = template["Resources"], set[str](), [name]
    while open_:
        for other in references(resources[open_.pop()]["Properties"]) & resources.keys() - found:
            found.add(other)
            open_.append(other)
    return found


def names_in(properties: dict[str, Any]) -> list[Any]:
    """The resource's own name: among its properties or in its one settings object."""
    settings: list[dict[str, Any]] = [
        properties,
        *(properties[key] for key in ("OriginAccessControlConfig", "ResponseHeadersPolicyConfig") if key in properties),
    ]
    return [each["Name"] for each in settings if "Name" in each]
