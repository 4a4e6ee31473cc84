"""Tells the secrets a crew needs and its group lacks, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stepcrew.domain.connection import ModelConnection
from stepcrew.domain.errors import Fault
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.secrets import connection_uses, secret_uses
from stepcrew.services.secret_ports import SecretStore


class FindMissingSecrets:
    """A key of a tool may also be lent by the operator; what goes into a header or to a model is the group's alone."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    def __call__(self, group_id: str, crew: ParsedCrew, connections: Sequence[ModelConnection] = ()) -> Iterator[Fault]:
        """A fault for each place that needs one; `connections` are the group's own that the crew names."""
        uses = [*secret_uses(crew.definition), *connection_uses(crew.definition, connections)]
        if not uses:
            return
        missing = self._secrets.missing(group_id, {use.name for use in uses})
        maybe_lent = missing & {use.name for use in uses if use.of_tool}
        not_lent = self._secrets.not_lent(maybe_lent) if maybe_lent else set[str]()
        for use in uses:
            if use.name in missing and (not use.of_tool or use.name in not_lent):
                detail = f"{use.who} needs the secret {use.name}, which your group has not stored."
                remedy = f"stepcrew secrets set {use.name}, or ask an administrator of the group."
                yield crew.places.fault(use.path, "missing_secret", detail, remedy)
