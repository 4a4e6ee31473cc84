"""The Lambda handler of the API."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from mangum import Mangum

from stepcrew.settings import settings
from stepcrew_api.wiring import make_app

logger = Logger()
metrics = Metrics()
_asgi = Mangum(make_app(settings()), lifespan="off")


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = _asgi(event, context)  # pyright: ignore[reportArgumentType]
    metrics.add_metric(name=f"Responses{str(answer['statusCode'])[0]}xx", unit=MetricUnit.Count, value=1)
    return answer
