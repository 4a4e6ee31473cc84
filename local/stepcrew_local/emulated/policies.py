"""Policies as IAM evaluates them: variables, the keys of items, and who a caller is. What of this the emulator lacks.

Sources: "IAM policy elements: Variables and tags", "Rules for tagging in AWS STS" (IAM user guide), "Using IAM policy
conditions for fine-grained access control" and "Amazon DynamoDB transactions: how it works" (DynamoDB developer guide).
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, lambda_svc, sts

from stepcrew_local.emulated.mails import of_mail

VARIABLE = re.compile(r"\$\{([^}]+)\}")
ASSUMED = re.compile(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.+")
LEADING_KEYS = "dynamodb:LeadingKeys"
TAG_VALUE = re.compile(r"[\w\s.:/=+\-@]{0,256}")
"""What a session tag may hold: letters, numbers, spaces and these signs, so no wildcard of a policy."""

Statement = iam_evaluator.ParsedStatement
Keys = Mapping[str, Any]

_resolve_principal = iam_evaluator.resolve_principal
_enforce = iam_evaluator.enforce
_transaction_checks = iam_actions.dynamodb_transaction_checks
_session_tags = sts._session_tags
_condition_key = iam_evaluator._resolve_condition_key
_evaluate_trust_policy = iam_evaluator.evaluate_trust_policy
_of_items: ContextVar[tuple[str, ...]] = ContextVar("keys of a transaction's items", default=())
"""In the order in which the items of this request are checked; what is left of it."""
_caller: ContextVar[str] = ContextVar("caller", default="")


def install() -> None:
    """Puts the pieces in. `engine` checks that they still fit."""
    iam_evaluator.resolve_principal = resolve_principal
    iam_evaluator.enforce = enforce
    iam_evaluator._resolve_condition_key = condition_key
    iam_actions.dynamodb_transaction_checks = transaction_checks
    iam_evaluator.evaluate_trust_policy = evaluate_trust_policy
    sts._session_tags = session_tags


def caller_id() -> str:
    """`AROA…:session` of the request's caller, or the account of its root: what `aws:userid` says."""
    return _caller.get() or get_account_id()


def resolve_principal(access_key_id: str, account_id: str, credential: Any = None) -> Any:
    """As the emulator's, with the variables of its policies filled in."""
    principal = _resolve_principal(access_key_id, account_id, credential)
    if not isinstance(principal, iam_evaluator.PrincipalInfo):
        return principal
    _caller.set(str(principal.keys.get("aws:userid", "")))
    if principal.policies is None:
        return principal
    policies = [[*_filled(statements, principal.keys)] for statements in principal.policies]
    return dataclasses.replace(principal, policies=policies)


def condition_key(key: str, ctx: Any) -> Any:
    """As the emulator's; `aws:PrincipalArn` of a session is the ARN of its role (IAM user guide, "AWS global condition
    context keys")."""
    session = ASSUMED.fullmatch(ctx.principal_arn) if key.lower() == "aws:principalarn" else None
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else _condition_key(key, ctx)


def _filled(statements: list[Statement], keys: Keys) -> Iterator[Statement]:
    """A statement with a variable that has no value matches nothing."""
    for statement in statements:
        try:
            yield dataclasses.replace(
                statement,
                resources=[_fill(text, keys) for text in statement.resources],
                not_resources=[_fill(text, keys) for text in statement.not_resources],
                conditions={
                    operator: {key: _fill_all(expected, keys) for key, expected in block.items()}
                    for operator, block in statement.conditions.items()
                },
            )
        except LookupError:
            continue


def _fill_all(expected: Any, keys: Keys) -> Any:
    return [_fill(str(one), keys) for one in expected] if isinstance(expected, list) else _fill(str(expected), keys)


def _fill(text: str, keys: Keys) -> str:
    return VARIABLE.sub(lambda found: str(keys[found[1].lower()]), text)


def evaluate_trust_policy(trust_doc: str | dict[str, Any], caller_arn: str, ctx: Any = None) -> bool:
    """As the emulator's, with the tags of the request filled in where the policy names them."""
    document = json.loads(trust_doc) if isinstance(trust_doc, str) else trust_doc
    keys: dict[str, Any] = dict(ctx.principal_keys) if ctx else {}
    keys |= {f"aws:requesttag/{name.lower()}": value for name, value in ctx.request_tags.items()} if ctx else {}
    statements: list[dict[str, Any]] = []
    for statement in document.get("Statement", []):
        try:
            conditions = {
                operator: {key: _fill_all(expected, keys) for key, expected in block.items()}
                for operator, block in statement.get("Condition", {}).items()
            }
        except LookupError:
            continue
        statements.append({**statement, "Condition": conditions})
    return _evaluate_trust_policy({**document, "Statement": statements}, caller_arn, ctx)


def enforce(
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """As the emulator's, with the keys of the items that a DynamoDB request names, what a mail says of itself, and the
    tags of the function that is called."""
    if service == "dynamodb" and _of_items.get():
        [first, *others] = _of_items.get()
        _of_items.set(tuple(others))
        service_context = {**(service_context or {}), LEADING_KEYS: [first]}
    if mail := of_mail.get():
        service_context = {**(service_context or {}), **mail}
    if iam_action == "lambda:InvokeFunction":
        service_context = {**(service_context or {}), **_tags_of_function(resource_arn)}
    return _enforce(access_key_id, iam_action, service, region, resource_arn, service_context)


def _tags_of_function(arn: str) -> dict[str, str]:
    """Condition keys of a function's tags; those of a version are its function's (AWS Lambda developer guide, "Using
    attribute-based access control in Lambda")."""
    name = arn.split(":")[6] if arn.count(":") >= 6 else ""
    found: dict[str, Any] = lambda_svc._functions.get_scoped(get_account_id(), get_region(), name) or {}
    return {f"aws:resourcetag/{key.lower()}": str(value) for key, value in (found.get("tags") or {}).items()}


def with_leading_keys(service_context: Callable[[bytes], dict[str, Any]]) -> Callable[[bytes], dict[str, Any]]:
    """The condition keys of a request to DynamoDB with the partition keys of all its items. Absent where the request
    names none (a scan): `ForAllValues` alone is then fulfilled, on AWS too."""

    def context(body: bytes) -> dict[str, Any]:
        found = leading_keys(_parsed(body))
        return {**service_context(body), **({LEADING_KEYS: found} if found else {})}

    return context


def transaction_checks(iam_action: str, body: bytes, region: str, account_id: str) -> list[tuple[str, str]]:
    """As the emulator's; each item is then checked with its own key only, as AWS does."""
    checks = _transaction_checks(iam_action, body, region, account_id)
    items = _parsed(body).get("TransactItems", []) if checks else []
    found = [key for one in items for detail in one.values() for key in _of_item(detail)]
    _of_items.set(tuple(found) if len(found) == len(checks) else tuple("?" for _ in checks))
    return checks


def leading_keys(request: dict[str, Any]) -> list[str]:
    """The values of the partition key, of the index where one is asked, that a request names."""
    items = request.get("TransactItems")
    if isinstance(items, list):
        return [key for one in items for detail in one.values() for key in _of_item(detail)]
    batches = request.get("RequestItems")
    if isinstance(batches, dict):
        return [key for table, batch in batches.items() for key in _of_batch(table, batch)]
    return _of_item(request)


def _of_batch(table: str, batch: Any) -> list[str]:
    if isinstance(batch, dict):
        return [key for one in batch.get("Keys", []) for key in _of_item({"TableName": table, "Key": one})]
    requests = [detail for one in batch for detail in one.values()]
    return [key for detail in requests for key in _of_item({"TableName": table, **detail})]


def _of_item(request: dict[str, Any]) -> list[str]:
    name = _partition_key(str(request.get("TableName", "")), request.get("IndexName"))
    attributes = request.get("Key") or request.get("Item")
    if isinstance(attributes, dict):
        return _text(attributes.get(name))
    condition = request.get("KeyConditionExpression")
    if not isinstance(condition, str):
        return []
    names: dict[str, str] = request.get("ExpressionAttributeNames") or {}
    for left, right in re.findall(r"([#\w.]+)\s*=\s*(:\w+)", condition):
        if names.get(left, left) == name:
            return _text((request.get("ExpressionAttributeValues") or {}).get(right))
    return []


def _text(value: Any) -> list[str]:
    return [str(one) for one in value.values()] if isinstance(value, dict) else []


def _partition_key(table: str, index: object) -> str:
    found: dict[str, Any] = dynamodb._tables.get_scoped(get_account_id(), get_region(), table.rsplit("/", 1)[-1]) or {}
    if index:
        found = next((one for one in found.get("GlobalSecondaryIndexes", []) if one["IndexName"] == index), {})
    schema: list[dict[str, str]] = found.get("KeySchema", [])
    return next((one["AttributeName"] for one in schema if one["KeyType"] == "HASH"), "")


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}


def session_tags(params: dict[str, Any], check: bool = True) -> tuple[Any, Any]:
    """As the emulator's, without values that STS refuses."""
    tags, problem = _session_tags(params, check)
    for tag in tags or []:
        if check and not TAG_VALUE.fullmatch(tag["Value"]):
            message = "1 validation error detected: a tag's value does not satisfy its pattern"
            return None, sts._error(400, "ValidationError", message, ns="sts")
    return tags, problem
