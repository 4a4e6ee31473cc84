"""Tells the secrets a crew needs and its group lacks, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.errors import Fault
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.project import ProjectVersion
from stepcrew.domain.secrets import SecretUse, connection_uses, function_uses, project_needs, secret_uses
from stepcrew.services.own_parts import OwnParts
from stepcrew.services.secret_ports import SecretStore


class FindMissingSecrets:
    """A key of a tool may also be lent by the operator; what goes into a header, to a connection of the group, or into
    the environment of a project is the group's alone.

    Args:
        operators: the operator's connections, with secrets of the operator.
    """

    def __init__(self, secrets: SecretStore, operators: Mapping[str, ConnectionSpec]) -> None:
        self._secrets = secrets
        self._operators = operators

    def __call__(self, group_id: str, crew: ParsedCrew, own: OwnParts) -> Iterator[Fault]:
        """A fault for each place that needs one."""
        definition = crew.definition
        connections = {one.name: one for one in own.connections_in(definition)}
        uses = [
            *secret_uses(definition),
            *function_uses(definition, own.tools_in(definition)),
            *connection_uses(definition, connections, self._operators),
        ]
        of_group = {use.name for use in uses if use.kept_by != "operator"}
        missing = self._secrets.missing(group_id, of_group) if of_group else set[str]()
        asked_of_operator = {
            use.name for use in uses if use.kept_by == "operator" or (use.kept_by == "either" and use.name in missing)
        }
        not_lent = self._secrets.not_lent(asked_of_operator) if asked_of_operator else set[str]()
        lacking = {"group": missing, "operator": not_lent, "either": missing & not_lent}
        for use in uses:
            if use.name in lacking[use.kept_by]:
                yield crew.places.fault(use.path, "missing_secret", *_told(use))

    def of_project(self, group_id: str, project: ProjectVersion) -> Iterator[Fault]:
        """A fault for each secret that the code cannot do without."""
        needs = project_needs(project)
        for name in sorted(self._secrets.missing(group_id, set(needs)) if needs else ()):
            detail, remedy = _told(SecretUse((), name, needs[name]))
            yield Fault(pointer="/crew", code="missing_secret", detail=detail, remedy=remedy)


def _told(use: SecretUse) -> tuple[str, str]:
    if use.kept_by == "operator":
        return f"{use.who} needs the operator's secret {use.name}, which is not set.", "Tell the operator."
    detail = f"{use.who} needs the secret {use.name}, which your group has not stored."
    return detail, f"stepcrew secrets set {use.name}, or ask an administrator of the group."
