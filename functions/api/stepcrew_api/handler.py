"""The Lambda handler of the API."""

from __future__ import annotations

import gc
import time

# Nothing that the imports make is garbage: collecting in between costs a part of the cold start and frees nothing.
gc.disable()

from typing import Any  # noqa: E402

from pydantic import BaseModel  # noqa: E402

# A validator is made when something of its kind is read first: a cold start makes those of one route, not of all.
BaseModel.model_config["defer_build"] = True

from aws_lambda_powertools.logging import correlation_paths  # noqa: E402
from aws_lambda_powertools.utilities.typing import LambdaContext  # noqa: E402
from mangum import Mangum  # noqa: E402

from stepcrew.function_log import function_logger  # noqa: E402
from stepcrew.function_metrics import FunctionMetrics  # noqa: E402
from stepcrew.settings import settings  # noqa: E402
from stepcrew_api.views import PREFIX  # noqa: E402
from stepcrew_api.wiring import make_app  # noqa: E402

logger = function_logger()
metrics = FunctionMetrics()
_is_new = [True]
"""Emptied by the first request of the process."""
_app = make_app(settings())
_asgi = Mangum(_app, lifespan="off")
gc.freeze()
gc.enable()


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    began = time.perf_counter()
    answer = _asgi(event, context)  # pyright: ignore[reportArgumentType]
    metrics.add("ApiMilliseconds", (time.perf_counter() - began) * 1000, of=_resource(event))
    metrics.add("Responses", of=f"{str(answer['statusCode'])[0]}xx")
    metrics.add("ColdStarts", int(_is_new.pop() if _is_new else False))
    metrics.send(route=_app.answered_by)  # no dimension: a hundred routes would cost as many metrics
    return answer


def _resource(event: dict[str, Any]) -> str:
    return str(event.get("rawPath", "")).removeprefix(f"{PREFIX}/").partition("/")[0]
