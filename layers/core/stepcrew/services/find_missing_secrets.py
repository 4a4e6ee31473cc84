"""Tells the secrets a crew needs and its group lacks, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterator

from stepcrew.domain.errors import Fault
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.secrets import secret_uses
from stepcrew.services.secret_ports import SecretStore


class FindMissingSecrets:
    """A key of a tool may also be lent by the operator; what goes into a header is the group's alone."""

    def __init__(self, secrets: SecretStore) -> None:
        self._secrets = secrets

    def __call__(self, group_id: str, crew: ParsedCrew) -> Iterator[Fault]:
        """A fault for each place that needs one."""
        uses = list(secret_uses(crew.definition))
        if not uses:
            return
        missing = self._secrets.missing(group_id, {use.name for use in uses})
        maybe_lent = missing & {use.name for use in uses if use.of_tool}
        not_lent = self._secrets.not_lent(maybe_lent) if maybe_lent else set[str]()
        for use in uses:
            if use.name in missing and (not use.of_tool or use.name in not_lent):
                who = f"The tool {use.of_tool}" if use.of_tool else f"The header {use.path[-1]}"
                detail = f"{who} needs the secret {use.name}, which your group has not stored."
                remedy = f"stepcrew secrets set {use.name}, or ask an administrator of the group."
                yield crew.places.fault(use.path, "missing_secret", detail, remedy)
