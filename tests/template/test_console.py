"""The console's distribution, and what must know its address."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.template.reading import references, texts

from stepcrew.aws.clients import Clients, SessionKeys
from stepcrew.aws.payloads import BucketPayloads


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


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "amazonaws.com"),
        ("eu-central-1", "amazonaws.com"),
        ("mx-central-1", "amazonaws.com"),  # newer than botocore's list of old regions
        ("us-gov-west-1", "amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn"),
    ],
)
def test_the_address_the_api_signs_is_the_one_the_console_may_fetch(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, region: str, suffix: str
) -> None:
    """The regional one: the global one leads elsewhere for new buckets and newer regions, and no policy names it."""
    monkeypatch.setenv("AWS_REGION", region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    policy = template["Resources"]["ConsoleHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    [_, values] = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    let_through = values["Payloads"]["Fn::Sub"][0]
    for name, value in {"${Id}": "1", "${AWS::Region}": region, "${AWS::URLSuffix}": suffix}.items():
        let_through = let_through.replace(name, value)

    keys = SessionKeys("AKIDEXAMPLE", "secret", "token")
    signed = urlsplit(BucketPayloads(Clients(keys), "stepcrew-payloads-1").url("g", "e", "trace-1-1"))

    assert f"{signed.scheme}://{signed.netloc}" == let_through
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in signed.query
    assert f"%2F{region}%2Fs3%2Faws4_request" in signed.query


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
