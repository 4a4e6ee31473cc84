"""What the API answers about webhooks; as in `wire`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Webhook(BaseModel):
    name: str
    url: str | None = None
    to: list[str] = []
    events: list[str] = []
    crews: list[str] | None = None
    enabled: bool = True
    off_reason: str = ""

    @property
    def place(self) -> str:
        return self.url or ", ".join(self.to)


class WebhookList(BaseModel):
    webhooks: list[Webhook] = []


class LinkKey(BaseModel):
    key_id: str
    made_at: datetime
    ends_at: datetime | None = None


class LinkSetting(BaseModel):
    enabled: bool
    days: int = 0
    keys: list[LinkKey] = []


class Receipt(BaseModel):
    delivery_id: str


class Delivery(BaseModel):
    delivery_id: str
    to: str = ""
    execution_id: str = ""
    event_type: str = ""
    state: str
    reason: str = ""
    tries: int = 0
    created_at: datetime | None = None
    next_try_at: datetime | None = None


class DeliveryList(BaseModel):
    deliveries: list[Delivery] = []
    next_cursor: str | None = None
