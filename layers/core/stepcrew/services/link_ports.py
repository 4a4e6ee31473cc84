"""What decisions by links need of the outside; as in `ports`."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.decision_link import LinkKeys


class LinkKeyStore(Protocol):
    """The keys that a group's links are signed with. Without any, the group has no links."""

    def link_keys(self, group_id: str) -> LinkKeys | None: ...

    def save_link_keys(self, group_id: str, kept: LinkKeys) -> None:
        """Replaces all of them."""
        ...

    def delete_link_keys(self, group_id: str) -> None:
        """Links that were sent are not valid any more. Asking again changes nothing."""
        ...
