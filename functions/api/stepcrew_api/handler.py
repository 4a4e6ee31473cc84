"""The Lambda handler of the API."""

from __future__ import annotations

import gc

# Nothing that the imports make is garbage: collecting in between costs a part of the cold start and frees nothing.
gc.disable()

from typing import Any  # noqa: E402

from aws_lambda_powertools import Metrics  # noqa: E402
from aws_lambda_powertools.logging import correlation_paths  # noqa: E402
from aws_lambda_powertools.metrics import MetricUnit  # noqa: E402
from aws_lambda_powertools.utilities.typing import LambdaContext  # noqa: E402
from mangum import Mangum  # noqa: E402

from stepcrew.function_log import function_logger  # noqa: E402
from stepcrew.settings import settings  # noqa: E402
from stepcrew_api.wiring import make_app  # noqa: E402

logger = function_logger()
metrics = Metrics()
_asgi = Mangum(make_app(settings()), lifespan="off")
gc.freeze()
gc.enable()


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = _asgi(event, context)  # pyright: ignore[reportArgumentType]
    metrics.add_metric(name=f"Responses{str(answer['statusCode'])[0]}xx", unit=MetricUnit.Count, value=1)
    return answer
