"""Deploys the template to the emulator."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from stepcrew_local.emulator import Emulator
from stepcrew_local.errors import StackError
from stepcrew_local.front_door import ApiRoute
from stepcrew_local.template import FunctionSource, prepare

STACK = "stepcrew-local"
CODE_BUCKET = "stepcrew-local-code"
DEPLOY_SECONDS = 60
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


def deploy(
    emulator: Emulator,
    template: Path,
    parameters: Mapping[str, str],
    sources: Mapping[str, FunctionSource] | None = None,
    stack: str = STACK,
) -> dict[str, str]:
    """Creates or updates the stack of that name and answers its outputs.

    Raises:
        StackError: a resource was refused; the reason names it.
    """
    s3, cloudformation = emulator.client("s3"), emulator.client("cloudformation")
    _make_bucket(s3)

    def put_code(content: bytes) -> dict[str, str]:
        key = f"{hashlib.sha256(content).hexdigest()[:32]}.zip"
        s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=content)
        return {"Bucket": CODE_BUCKET, "Key": key}

    prepared = prepare(template, parameters, put_code, sources or {})
    # In the bucket, as SAM does it: a template in the request itself may have 51,200 bytes.
    key = f"{stack}.json"
    s3.put_object(Bucket=CODE_BUCKET, Key=key, Body=json.dumps(prepared).encode())
    request: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": f"{emulator.url}/{CODE_BUCKET}/{key}",
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        "Capabilities": CAPABILITIES,
    }
    try:
        cloudformation.create_stack(**request)
    except cloudformation.exceptions.AlreadyExistsException:
        _update(cloudformation, request)
    deployed = _wait(cloudformation, stack)
    _set_cors(emulator, prepared)
    return {output["OutputKey"]: output["OutputValue"] for output in deployed.get("Outputs", [])}


def remove(emulator: Emulator, stack: str) -> bool:
    """Deletes the stack of that name; False when there is none.

    Raises:
        StackError: a resource could not be deleted; the reason names it.
    """
    cloudformation = emulator.client("cloudformation")
    try:
        stack_id = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return False
    cloudformation.delete_stack(StackName=stack)
    _wait(cloudformation, stack_id)  # by its id, it can be asked for after its end too
    return True


def physical_id(emulator: Emulator, logical_id: str) -> str:
    """The name AWS gave to a resource of the deployed stack."""
    resource = emulator.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    return str(resource["StackResourceDetail"]["PhysicalResourceId"])


def routes_of(emulator: Emulator, api: str) -> tuple[ApiRoute, ...]:
    """The routes of the HTTP API with this id."""
    pages = emulator.client("apigatewayv2").get_paginator("get_routes").paginate(ApiId=api)
    found = [(route["RouteKey"], route.get("AuthorizationType", "NONE")) for page in pages for route in page["Items"]]
    return tuple(ApiRoute(*key.split(" ", 1), needs_token=kind != "NONE") for key, kind in found)


def _make_bucket(s3: Any) -> None:
    try:
        s3.create_bucket(Bucket=CODE_BUCKET)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
            raise


def _update(cloudformation: Any, request: dict[str, Any]) -> None:
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _wait(cloudformation: Any, name: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        status: str = stack["StackStatus"]
        if status.endswith("IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise StackError(f"The deployment is still {status} after {DEPLOY_SECONDS} s.")
            time.sleep(0.05)
            continue
        if "ROLLBACK" in status or "FAILED" in status:
            raise StackError(f"The template was not deployed ({status}).\n{_failures(cloudformation, name)}")
        return stack


def _failures(cloudformation: Any, name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(
        f"  | {event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason')}"
        for event in events
        if "FAILED" in event["ResourceStatus"]
    )


def _set_cors(emulator: Emulator, template: dict[str, Any]) -> None:
    gateway = emulator.client("apigatewayv2")
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            cors = resource["Properties"]["CorsConfiguration"]
            # AllowOrigins is a parameter here; the gateway in front lets no foreign page through anyway.
            settings = {k: v for k, v in cors.items() if k != "AllowOrigins"}
            gateway.update_api(ApiId=physical_id(emulator, name), CorsConfiguration=settings)
