"""The model connections that a crew may name: the operator's, and those of the group that its submission keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.submission import Submission
from stepcrew_runner.crew.models import NO_KEY, Connection
from stepcrew_runner.gate.requests import Endpoint


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
    """A connection without its secret has a key that no provider takes: whoever asks it is told so by the provider."""
    models: dict[str, Connection] = {}
    endpoints: list[Endpoint] = []
    own = {one.name: one for one in submission.connections}
    for name, one in {**own, **of_operator}.items():
        secret = operator_secret if name in of_operator else group_secret
        key = secret(one.secret) if one.secret else None
        models[name] = Connection(one.provider, one.base_url, key or NO_KEY)
        endpoints.append(Endpoint(name, one.base_url, of_group=name not in of_operator))
    return Connected(models, tuple(endpoints))
