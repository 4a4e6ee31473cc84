"""What API Gateway does with a request before any function sees it."""

from __future__ import annotations

import json
from typing import Any

from tests.template.reading import of_type

from stepcrew_local.layout import ROOT

PROXY = "/api/{proxy+}"


def routes(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {route["RouteKey"]: route for route in of_type(template, "AWS::ApiGatewayV2::Route").values()}


def test_no_route_takes_a_browsers_preflight(template: dict[str, Any]) -> None:
    # API Gateway answers a preflight from the API's CORS settings only where no route takes OPTIONS; ANY and $default
    # do, and an authorizer there refuses it for want of a token:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    methods = {key.split(" ")[0] for key in routes(template)}

    assert methods & {"ANY", "OPTIONS", "$default"} == set()


def test_every_operation_of_the_api_has_a_route_and_may_be_asked_for_across_origins(template: dict[str, Any]) -> None:
    document = json.loads((ROOT / "docs/openapi.json").read_text())
    used = {method.upper() for operations in document["paths"].values() for method in operations} - {"PARAMETERS"}
    cors = of_type(template, "AWS::ApiGatewayV2::Api")["HttpApi"]["CorsConfiguration"]

    assert used <= {key.split(" ")[0] for key in routes(template) if key.endswith(PROXY)}
    assert used <= set(cors["AllowMethods"])
    assert cors["AllowOrigins"] == {"Ref": "AllowedOrigins"}


def test_every_route_with_data_asks_for_a_token(template: dict[str, Any]) -> None:
    protected = {key for key, route in routes(template).items() if route.get("AuthorizationType") == "JWT"}

    assert protected == {key for key in routes(template) if key.endswith(PROXY)}
    assert all(routes(template)[key]["AuthorizerId"] == {"Ref": "Authorizer"} for key in protected)
