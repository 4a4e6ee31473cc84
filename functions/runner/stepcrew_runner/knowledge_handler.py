"""The Lambda handler that reads files ahead of the first execution, and asks embedding models for the API.

It runs no crew and loads no CrewAI. `read_file` is called asynchronously: what it raises is repeated by Lambda, twice,
and then kept in the dead-letter queue.
"""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import TypeAdapter

from stepcrew.domain.knowledge_requests import KnowledgeRequest
from stepcrew.function_log import function_logger
from stepcrew.log_context import about
from stepcrew_runner.knowledge import wiring

logger = function_logger()
wiring.sessions()
_requests: TypeAdapter[KnowledgeRequest] = TypeAdapter(KnowledgeRequest)


@logger.inject_lambda_context
def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """`event` is a `KnowledgeRequest`; the answer to it, or a `Refused`."""
    request = _requests.validate_python(event)
    with about(group_id=request.group_id, operation=request.operation):
        answer = wiring.answer(request, context.aws_request_id)
        logger.info("Answered")
    return answer
