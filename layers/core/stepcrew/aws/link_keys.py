"""The keys of decision links in Parameter Store (SecureString), apart from the secrets of groups, which crews read."""

from __future__ import annotations

from botocore.exceptions import ClientError

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import code_of, platform_errors
from stepcrew.domain.decision_link import LinkKeys


class ParameterLinkKeys:
    """`LinkKeyStore`: one parameter `<prefix>/links/<group>` for each group that has them."""

    def __init__(self, clients: Clients, prefix: str) -> None:
        self._clients = clients
        self._folder = f"{prefix.rstrip('/')}/links"

    def link_keys(self, group_id: str) -> LinkKeys | None:
        with platform_errors("Reading the keys of decision links"):
            try:
                answer = self._clients.ssm.get_parameter(Name=f"{self._folder}/{group_id}", WithDecryption=True)
            except ClientError as error:
                if code_of(error) == "ParameterNotFound":
                    return None
                raise
            return LinkKeys.model_validate_json(answer["Parameter"].get("Value", ""))

    def save_link_keys(self, group_id: str, kept: LinkKeys) -> None:
        with platform_errors("Storing the keys of decision links"):
            self._clients.ssm.put_parameter(
                Name=f"{self._folder}/{group_id}", Value=kept.model_dump_json(), Type="SecureString", Overwrite=True
            )

    def delete_link_keys(self, group_id: str) -> None:
        with platform_errors("Removing the keys of decision links"):
            try:
                self._clients.ssm.delete_parameter(Name=f"{self._folder}/{group_id}")
            except ClientError as error:
                if code_of(error) != "ParameterNotFound":
                    raise
