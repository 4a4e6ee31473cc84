"""Answers about decisions by links; as in `schemas`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from stepcrew.domain.decision_link import DEFAULT_DAYS, LinkKeys


class LinkKeyView(BaseModel):
    """A key, never its value. The one without `ends_at` signs; what another signed is good until then."""

    key_id: str
    made_at: datetime
    ends_at: datetime | None


class LinkSettingView(BaseModel):
    """Whether decisions of the group may be made by links, how long one is good, and the keys, newest first."""

    enabled: bool
    days: int
    keys: list[LinkKeyView]


def setting_view(kept: LinkKeys | None) -> LinkSettingView:
    if kept is None:
        return LinkSettingView(enabled=False, days=DEFAULT_DAYS, keys=[])
    keys = [LinkKeyView(**key.model_dump(exclude={"secret"})) for key in kept.keys]
    return LinkSettingView(enabled=True, days=kept.days, keys=keys)
