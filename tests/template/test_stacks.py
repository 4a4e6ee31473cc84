"""Making, failing to make, removing and doubling a stack."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.template.reading import metrics_of, of_type, references, texts

from stepcrew_local.layout import ROOT

PROTECTIONS = ("DeletionProtectionEnabled", "DeletionProtection")
"""Properties by which a resource refuses to be deleted, whoever asks."""
PRINCIPAL = re.compile(r"[a-z-]+\.amazonaws\.com")
"""A service in a policy: the same in all partitions
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services)."""


def test_a_failed_first_deployment_deletes_nothing_that_refuses(template: dict[str, Any]) -> None:
    """RetainExceptOnCreate deletes what a failed creation has made; a protected table would refuse, and the stack end
    as ROLLBACK_FAILED.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    protected = {
        name: resource["DeletionPolicy"]
        for name, resource in template["Resources"].items()
        if any(each in resource["Properties"] for each in PROTECTIONS)
    }

    assert protected == {"Table": "Retain"}


def test_no_bucket_stands_in_the_way_of_a_stacks_removal(template: dict[str, Any]) -> None:
    """CloudFormation cannot delete a bucket with objects in it; after a failed creation there are none yet."""
    policies = {name: template["Resources"][name]["DeletionPolicy"] for name in of_type(template, "AWS::S3::Bucket")}

    assert policies == dict.fromkeys(("Bucket", "ConsoleBucket", "InboxBucket"), "RetainExceptOnCreate")


def test_what_is_kept_has_a_name_that_no_later_stack_wants(template: dict[str, Any]) -> None:
    """Else the stack could not be deployed again under its name: the kept one would be in its way."""
    kept = {name for name, each in template["Resources"].items() if "Retain" in each.get("DeletionPolicy", "Delete")}
    named = {  # a pool's name may stand twice
        "AWS::DynamoDB::Table": "TableName",
        "AWS::S3::Bucket": "BucketName",
        "AWS::S3Vectors::VectorBucket": "VectorBucketName",
    }
    names = {
        name: template["Resources"][name]["Properties"].get(named.get(template["Resources"][name]["Type"], "")) or ""
        for name in kept
    }

    assert kept == {"Table", "Bucket", "ConsoleBucket", "InboxBucket", "UserPool", "VectorBucket"}
    assert {name for name, given in names.items() if given} == {"Bucket", "VectorBucket"}
    assert all("AWS::StackId" in references(names[name]) for name in ("Bucket", "VectorBucket"))


def test_stacks_of_one_account_send_and_watch_metrics_apart(template: dict[str, Any]) -> None:
    sent = template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
    watched = [one for each in of_type(template, "AWS::CloudWatch::Alarm").values() for one in metrics_of(each)]
    own = [one for one in watched if not str(one["Namespace"]).startswith("AWS/")]

    assert sent == {"Fn::Sub": "Stepcrew/${AWS::StackName}"}
    assert {one["MetricName"] for one in own} >= {"ExecutionsEnded", "TraceMessagesRefused", "Executions"}
    assert all(one["Namespace"] == sent for one in own)
    # The others name a resource of this stack.
    for one in (each for each in watched if each not in own):
        assert references([each["Value"] for each in one["Dimensions"]]) & template["Resources"].keys()


def test_no_arn_and_no_host_is_of_one_partition(template: dict[str, Any]) -> None:
    """`arn:aws:` and `.amazonaws.com` are wrong in GovCloud or China. The console alone may, which is made in the
    commercial partition only."""
    only_here = {name for name, each in template["Resources"].items() if each.get("Condition") == "CreateConsole"}
    everywhere = {
        "resources": {name: each for name, each in template["Resources"].items() if name not in only_here},
        "functions": template["Globals"],
        "outputs": template["Outputs"],
        "machine": (ROOT / "statemachine/execution.asl.yaml").read_text(),
    }
    found = [text for text in texts(everywhere) if re.search(r"arn:aws|amazonaws\.com", text)]

    assert [text for text in found if not PRINCIPAL.fullmatch(text)] == []
    assert "AWS::Partition" in json.dumps(template["Conditions"]["CreateConsole"])
