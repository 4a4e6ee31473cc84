"""Answers about webhooks; as in `schemas`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from stepcrew.domain.webhook import Attempt, DeliveryState, Webhook


class WebhookList(BaseModel):
    """By name."""

    webhooks: list[Webhook]


class DeliveryReceipt(BaseModel):
    """What the list of deliveries shows soon."""

    delivery_id: str


class DeliveryView(BaseModel):
    """One announcement on its way to a receiver; `to` is the address of a mail, empty else. `request` is the body as it
    is sent, empty until then; `attempts` are the last ones; `next_try_at` is null unless it waits for its next try."""

    model_config = ConfigDict(extra="ignore")

    delivery_id: str
    to: str
    execution_id: str
    event_id: str
    event_type: str
    state: DeliveryState
    reason: str
    created_at: datetime
    next_try_at: datetime | None
    request: str
    attempts: list[Attempt]
    tries: int
    round: int


class DeliveryList(BaseModel):
    """Newest first. `next_cursor` is opaque and null on the last page."""

    deliveries: list[DeliveryView]
    next_cursor: str | None
