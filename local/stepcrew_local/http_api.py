"""HTTP APIs in the form the emulator understands.

SAM describes an HTTP API by an OpenAPI body. The emulator ignores it and would serve an API without routes, silently;
so every path becomes the route, integration and authorizer resources that API Gateway makes of it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

Template = dict[str, Any]
ANY_METHOD = "x-amazon-apigateway-any-method"


def spell_out_http_apis(template: Template) -> None:
    """Replaces the OpenAPI bodies in the translated template."""
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource.get("Properties", {}):
            template["Resources"] |= _spell_out(name, resource["Properties"])


def cors_of(template: Template) -> dict[str, Template]:
    """The CORS settings by logical id of the API: the emulator takes them only through its API."""
    return {
        name: resource["Properties"]["CorsConfiguration"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and resource["Properties"].get("CorsConfiguration")
    }


def _spell_out(name: str, properties: Template) -> dict[str, Template]:
    body = properties.pop("Body")
    properties.setdefault("ProtocolType", "HTTP")
    properties.setdefault("Name", {"Ref": "AWS::StackName"})
    if cors := body.get("x-amazon-apigateway-cors"):
        properties["CorsConfiguration"] = _capitalized(cors)
    reference = {"Ref": name}
    made: dict[str, Template] = {}
    for scheme, security in body.get("components", {}).get("securitySchemes", {}).items():
        authorizer = security["x-amazon-apigateway-authorizer"]
        made[_authorizer_id(name, scheme)] = {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": reference,
                "Name": scheme,
                "AuthorizerType": "JWT",
                "IdentitySource": [authorizer["identitySource"]],
                "JwtConfiguration": _capitalized(authorizer["jwtConfiguration"]),
            },
        }
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            integration = operation["x-amazon-apigateway-integration"]
            integration_id = f"{name}Integration{_short_hash(integration)}"
            made[integration_id] = {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": reference,
                    "IntegrationType": "AWS_PROXY",
                    "IntegrationMethod": "POST",
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                    "IntegrationUri": integration["uri"],
                },
            }
            verb = "ANY" if method == ANY_METHOD else method.upper()
            key = "$default" if path.lstrip("/") == "$default" else f"{verb} {path}"
            route: Template = {
                "ApiId": reference,
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration_id}]]},
            }
            for scheme, scopes in _security_of(operation):
                route |= {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": _authorizer_id(name, scheme)}}
                if scopes:
                    route["AuthorizationScopes"] = scopes
            made[f"{name}Route{_short_hash(key)}"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": route}
    return made


def _security_of(operation: Template) -> list[tuple[str, list[str]]]:
    schemes = [item for requirement in operation.get("security", []) for item in requirement.items()]
    return [(scheme, scopes) for scheme, scopes in schemes if scheme != "NONE"][:1]


def _authorizer_id(name: str, scheme: str) -> str:
    return f"{name}{scheme}Authorizer"


def _capitalized(values: Template) -> Template:
    return {key[0].upper() + key[1:]: value for key, value in values.items()}


def _short_hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:8]
