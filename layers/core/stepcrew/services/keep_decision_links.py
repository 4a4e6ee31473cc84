"""Lets decisions of a group be made by links, or not, and changes what the links are signed with."""

from __future__ import annotations

from collections.abc import Callable

from stepcrew.domain.decision_link import LinkKey, LinkKeys, LinkSetting
from stepcrew.domain.errors import Conflict
from stepcrew.services.link_ports import LinkKeyStore
from stepcrew.services.ports import Clock


class KeepDecisionLinks:
    """`new_secret` answers 32 random bytes in base64url."""

    def __init__(
        self, store: LinkKeyStore, clock: Clock, new_id: Callable[[], str], new_secret: Callable[[], str]
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret

    def kept(self, group_id: str) -> LinkKeys | None:
        """None while decisions by links are off."""
        return self._store.link_keys(group_id)

    def set(self, group_id: str, setting: LinkSetting) -> LinkKeys | None:
        """As it is now. Switched off, every link that was sent is not valid any more."""
        if not setting.enabled:
            self._store.delete_link_keys(group_id)
            return None
        before = self._store.link_keys(group_id)
        return self._saved(group_id, LinkKeys(days=setting.days, keys=before.keys if before else [self._new_key()]))

    def rotate(self, group_id: str, *, revoke: bool) -> LinkKeys:
        """Another key signs from now on; with `revoke`, links that were sent are not valid any more. Raises `Conflict`
        while decisions by links are off."""
        before = self._store.link_keys(group_id)
        if before is None:
            raise Conflict("Decisions by links are off.", remedy="Switch them on first: PUT /decision-links.")
        return self._saved(group_id, before.rotated(self._new_key(), self._clock.now(), revoke=revoke))

    def _saved(self, group_id: str, kept: LinkKeys) -> LinkKeys:
        self._store.save_link_keys(group_id, kept)
        return kept

    def _new_key(self) -> LinkKey:
        return LinkKey(key_id=self._new_id(), secret=self._new_secret(), made_at=self._clock.now())
