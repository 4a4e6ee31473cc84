"""The keys of decision links in Parameter Store (SecureString), apart from the secrets of groups, which crews read."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.parameters import delete_parameter, read_parameter
from stepcrew.domain.decision_link import LinkKeys


class ParameterLinkKeys:
    """`LinkKeyStore`: one parameter `<prefix>/links/<group>` for each group that has them."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients = clients
        self._folder = f"{prefix.rstrip('/')}/links"

    def link_keys(self, group_id: str) -> LinkKeys | None:
        kept = read_parameter(self._clients.ssm, f"{self._folder}/{group_id}", "Reading the keys of decision links")
        return None if kept is None else LinkKeys.model_validate_json(kept)

    def save_link_keys(self, group_id: str, kept: LinkKeys) -> None:
        with platform_errors("Storing the keys of decision links"):
            self._clients.ssm.put_parameter(
                Name=f"{self._folder}/{group_id}", Value=kept.model_dump_json(), Type="SecureString", Overwrite=True
            )

    def delete_link_keys(self, group_id: str) -> None:
        delete_parameter(self._clients.ssm, f"{self._folder}/{group_id}", "Removing the keys of decision links")
