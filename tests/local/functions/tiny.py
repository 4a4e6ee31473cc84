"""Functions that show what reaches them and do what they are told with their role."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

aws: Any = boto3


def api(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers with the event it got, sends on to what lies in the bucket, answers with so many bytes, or fails."""
    if event["rawPath"].endswith("/fail"):
        raise RuntimeError("a secret of the function")
    if "/bytes/" in event["rawPath"]:
        return {"statusCode": 200, "body": "x" * int(event["rawPath"].rpartition("/")[2])}
    if event["rawPath"].endswith("/payload"):
        place = {"Bucket": os.environ["BUCKET_NAME"], "Key": "groups/g/large"}
        aws.client("s3").put_object(**place, Body="large", ContentType="text/plain")
        signer = aws.client("s3", config=Config(signature_version="s3v4"))
        url = signer.generate_presigned_url("get_object", Params=place)
        return {"statusCode": 307, "headers": {"location": url}}
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json", "connection": "close", "x-shown": "yes"},
        "body": json.dumps(event),
    }


def sink(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Refuses the messages that say so, and every later one of the batch (FIFO); stores the others."""
    if "Records" not in event:
        return call(event, context)
    table = aws.resource("dynamodb").Table(os.environ["TABLE_NAME"])
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        if failed or json.loads(record["body"]).get("refuse"):
            failed.append({"itemIdentifier": record["messageId"]})
        else:
            table.put_item(Item={"PK": f"GROUP#tiny#EXECUTION#{record['body']}", "SK": "SEEN", "at": str(time.time())})
    return {"batchItemFailures": failed}


def call(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Makes the AWS call {"service", "operation", "arguments"} with its role, or with a session of the role that its
    function begins sessions of where the event has its {"session": {"name", "tags"}}; answers with so many {"bytes"};
    tells about its process; or ends its process by a signal or with an exit status.
    """
    if "dies_by" in event:
        os.kill(os.getpid(), event["dies_by"])
    if "exits_with" in event:
        os._exit(event["exits_with"])
    if "bytes" in event:
        return {"text": "x" * event["bytes"]}
    if "service" not in event:
        time.sleep(event.get("sleep", 0))
        return {"pid": os.getpid(), "environment": dict(os.environ)}
    try:
        session = _session(**event["session"]) if "session" in event else aws.Session()
        client = session.client(event["service"])
        getattr(client, event["operation"])(**event["arguments"])
    except ClientError as error:
        return {"refused": error.response.get("Error", {}).get("Code"), "operation": error.operation_name}
    return {"refused": None}


def _session(name: str, tags: dict[str, str]) -> Any:
    answer = aws.client("sts").assume_role(
        RoleArn=os.environ.get("ATTEMPT_ROLE_ARN") or os.environ["KNOWLEDGE_ROLE_ARN"],
        RoleSessionName=name,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )["Credentials"]
    return aws.Session(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
