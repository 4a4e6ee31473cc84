"""Where the emulator's user pools are softer than Cognito, or leave out what the API reads.

- Renewed ID tokens carry the user's groups, as the first one does.
- A user changes only attributes that the client of their token may write: "After your user authenticates in your app,
  their access token authorizes them to set or modify their own attribute value for any attribute in this list",
  https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
- That takes the scope aws.cognito.signin.user.admin in the access token:
  https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UpdateUserAttributes.html
- The authorizer of an HTTP API reads a pool's keys in place. The emulator would ask itself for them over HTTP, where it
  answers nobody who does not sign.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import apigateway, cognito

SELF_SERVICE = "aws.cognito.signin.user.admin"


def install() -> None:
    cognito._fake_token = _with_groups(cognito._fake_token)
    cognito._update_user_attributes = _within_the_clients_list(cognito._update_user_attributes)
    apigateway._fetch_jwks = _in_place(apigateway._fetch_jwks)


def _in_place(fetch: Callable[[str], Awaitable[dict[str, Any]]]) -> Callable[[str], Awaitable[dict[str, Any]]]:
    async def fetch_jwks(url: str) -> dict[str, Any]:
        pool_id = url.removesuffix("/.well-known/jwks.json").rpartition("/")[2]
        if cognito._get_pool_unscoped(pool_id) is None:
            return await fetch(url)
        return json.loads(cognito.well_known_jwks(pool_id)[2])

    return fetch_jwks


def _with_groups(mint: Callable[..., str]) -> Callable[..., str]:
    def with_groups(sub: str, pool_id: str, *rest: Any, **more: Any) -> str:
        if more.get("trigger_source") == "TokenGeneration_RefreshTokens" and not more.get("groups"):
            pool = cognito._get_pool_unscoped(pool_id) or {}
            more["groups"] = pool.get("_users", {}).get(more.get("username"), {}).get("_groups", [])
        return mint(sub, pool_id, *rest, **more)

    return with_groups


def _within_the_clients_list(update: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def update_own(data: dict[str, Any]) -> Any:
        claims = cognito._token_claims(data.get("AccessToken", ""))
        if SELF_SERVICE not in str(claims.get("scope", "")).split():
            return cognito.error_response_json(
                "NotAuthorizedException", "Access Token does not have required scopes", 400
            )
        client = cognito._find_pool_by_client_id(str(claims.get("client_id", "")))[2] or {}
        writable = client.get("WriteAttributes")
        named = [attribute["Name"] for attribute in data.get("UserAttributes", [])]
        refused = [name for name in named if name not in writable] if writable else _not_standard(named)
        if refused:
            return cognito.error_response_json(
                "NotAuthorizedException", "A client attempted to write unauthorized attribute", 400
            )
        return update(data)

    return update_own


def _not_standard(names: list[str]) -> list[str]:
    """Without a list of its own, a client may write the standard attributes."""
    return [name for name in names if name.startswith("custom:")]
