"""What a crew is given of the operator's and its group's: the model connections that it may name, and secrets."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.secrets import secret_uses
from stepcrew.domain.submission import Submission
from stepcrew_runner.crew.building import GivenSecrets
from stepcrew_runner.crew.models import NO_KEY, Connection
from stepcrew_runner.gate.requests import Endpoint, is_of_a_provider, operators_servers, server_of

logger = logging.getLogger("stepcrew_runner")


class Connected(NamedTuple):
    """`models` are what models are made with, by the name of their connection; `endpoints` where they are asked."""

    models: dict[str, Connection]
    endpoints: tuple[Endpoint, ...]


def connect(
    submission: Submission,
    of_operator: Mapping[str, ConnectionSpec],
    operator_secret: Callable[[str], str | None],
    group_secret: Callable[[str], str | None],
) -> Connected:
    """The connections that a crew may name. A connection whose secret is missing gets a key that no provider accepts,
    so that the provider tells whoever asks it; the execution's log names the secret. One of the group that leads to a
    server of the operator's is left out: requests are told apart by where they go. So what is asked at the very address
    that the operator set in place of a provider's own has the name and the price of the provider's model."""
    models: dict[str, Connection] = {}
    of_operators = {*operators_servers(), *(server_of(one.base_url) for one in of_operator.values())}
    own = {one.name: one for one in submission.connections if server_of(one.base_url) not in of_operators}
    known = {**own, **of_operator}
    for name, one in known.items():
        secret = operator_secret if name in of_operator else group_secret
        key = secret(one.secret) if one.secret else None
        if one.secret and not key and name not in of_operator:
            logger.warning("The secret %s of the connection %s is missing: no key is sent.", one.secret, name)
        models[name] = Connection(one.provider, one.base_url, key or NO_KEY, one.fallbacks)
    endpoints = [
        Endpoint(name, one.base_url, of_group=name not in of_operator)
        for name, one in known.items()
        if not is_of_a_provider(one.base_url)
    ]
    return Connected(models, tuple(endpoints))


def given_secrets(
    submission: Submission, operators: Mapping[str, str], group_secret: Callable[[str], str | None]
) -> GivenSecrets:
    """Those that its definition or its project's code names, as far as they are there."""
    if submission.project:
        found = {name: group_secret(name) for name in submission.project.environment}
        return GivenSecrets(of_tools={name: value for name, value in found.items() if value}, of_servers={})
    uses = list(secret_uses(submission.definition))
    own = {use.name: group_secret(use.name) for use in uses}
    kept = {name: value for name, value in own.items() if value}
    lent = {use.name: operators[use.name] for use in uses if use.kept_by == "either" and use.name in operators}
    return GivenSecrets(of_tools={**lent, **kept}, of_servers=kept)
