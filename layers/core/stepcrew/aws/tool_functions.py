"""Calls functions that are tools, as the gateway of Amazon Bedrock AgentCore does.

The event is the object of the arguments alone; the tool's name stands in the client context, behind the name of a
target and three underscores, so that one function can be several tools and serve both ("AWS Lambda function targets",
Amazon Bedrock AgentCore developer guide).
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of
from stepcrew.domain.errors import FunctionFailed
from stepcrew.domain.function_tool import SERVES_TAG, FunctionTool

TARGET = "stepcrew"
MESSAGE_VERSION = "1.0"
MOST_TOLD = 2_000
"""Characters of a function's error that the model is told."""


class LambdaToolFunctions:
    """`ToolFunctions` over Lambda. The session's role may call only functions whose tag says that they serve its group
    (AttemptRole in template.yaml)."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def call(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> str:
        context = {
            "bedrockAgentCoreToolName": f"{TARGET}___{tool.name}",
            "bedrockAgentCoreTargetId": TARGET,
            "bedrockAgentCoreMessageVersion": MESSAGE_VERSION,
        }
        client: Any = self._clients.functions(tool.timeout_seconds)
        try:
            answer = client.invoke(
                FunctionName=tool.function_arn,
                Payload=json.dumps(dict(arguments), ensure_ascii=False).encode(),
                ClientContext=b64encode(json.dumps({"custom": context}).encode()).decode(),
            )
            body = answer["Payload"].read()
        except ReadTimeoutError as error:
            raise FunctionFailed(f"{tool.name} has not answered within {tool.timeout_seconds} seconds.") from error
        except ClientError as error:
            raise FunctionFailed(_refusal(tool, error)) from error
        except BotoCoreError as error:
            raise FunctionFailed(f"{tool.name} could not be called: {type(error).__name__}.") from error
        if answer.get("FunctionError"):
            raise FunctionFailed(f"{tool.name} failed: {_error(body)}")
        return _text(body)


def _refusal(tool: FunctionTool, error: ClientError) -> str:
    code = code_of(error)
    if code == "AccessDeniedException":
        return f"{tool.name} may not be called: its function needs the tag {SERVES_TAG} with your group's id."
    if code == "ResourceNotFoundException":
        return f"{tool.name} may not be called: its function is not there."
    return f"{tool.name} could not be called: {code}."


def _error(body: bytes) -> str:
    """`errorMessage` and `errorType` of what a runtime answers for an exception."""
    try:
        found: Any = json.loads(body)
        told = ": ".join(str(found[key]) for key in ("errorType", "errorMessage") if found.get(key))
    except (ValueError, AttributeError):
        told = ""
    return (told or body.decode(errors="replace"))[:MOST_TOLD]


def _text(body: bytes) -> str:
    text = body.decode(errors="replace")
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, str) else text
