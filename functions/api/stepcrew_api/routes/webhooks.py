"""Who hears over HTTP that executions wait or ended, and what became of each delivery."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from stepcrew.domain import cursor as cursors
from stepcrew.domain.callback import CALLBACK_NAME
from stepcrew.domain.errors import WebhookNotFound
from stepcrew.domain.webhook import WEBHOOK_NAME, Webhook
from stepcrew_api.bodies import WebhookBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Identity, Member
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected, Services
from stepcrew_api.views import PREFIX
from stepcrew_api.webhook_schemas import DeliveryList, DeliveryReceipt, DeliveryView, WebhookList

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=GuardedRoute)

WebhookName = Annotated[str, Path(pattern=WEBHOOK_NAME, description="The name the webhook is kept under.")]
AnyName = Annotated[
    str, Path(pattern=f"{WEBHOOK_NAME}|^{CALLBACK_NAME}$", description="Also that of a callback: `EXECUTION_ID:crew`.")
]
DeliveryId = Annotated[str, Path(pattern=r"^msg_[0-9a-f]{32}$")]


@router.get("", responses=responses())
def list_webhooks(identity: Member, services: Injected) -> WebhookList:
    """The group's webhooks by name. Not for viewers: some receivers take whatever is sent to a secret address."""
    return WebhookList(webhooks=services.webhooks.webhooks(identity.group_id))


@router.get("/{name}", responses=responses(404))
def read_webhook(name: AnyName, identity: Member, services: Injected) -> Webhook:
    """One webhook whole. `off_reason` says why it was switched off by itself."""
    return _known(name, identity, services)


@router.put(
    "/{name}",
    status_code=201,
    responses={200: {"model": Webhook, "description": "Changed"}, **responses(400, 413, 415)},
)
def store_webhook(
    name: WebhookName, body: WebhookBody, identity: Admin, services: Injected, response: Response
) -> Webhook:
    """Checks and stores the webhook. What is on its way goes to its new address."""
    webhook, is_new = services.store_webhook(identity.group_id, name, body, identity.name)
    if is_new:
        response.headers["Location"] = f"{PREFIX}/webhooks/{name}"
    else:
        response.status_code = 200
    return webhook


@router.delete("/{name}", status_code=204, responses=responses())
def delete_webhook(name: WebhookName, identity: Admin, services: Injected) -> Response:
    """Removes it with the log of its deliveries; what is on its way is not delivered. Asking again changes nothing."""
    services.webhooks.delete(identity.group_id, name)
    return Response(status_code=204)


@router.post("/{name}/test", status_code=202, responses=responses(404))
def test_webhook(name: WebhookName, identity: Admin, services: Injected) -> DeliveryReceipt:
    """Sends a sample of the type `stepcrew.webhook.test`, also through a webhook that is switched off."""
    return DeliveryReceipt(delivery_id=services.store_webhook.test(identity.group_id, name))


@router.get("/{name}/deliveries", responses=responses(404))
def list_deliveries(
    name: AnyName,
    identity: Member,
    services: Injected,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> DeliveryList:
    """What was sent and what the receiver answered, newest first."""
    _known(name, identity, services)
    before = cursors.decode(cursor)
    found = services.webhooks.deliveries(identity.group_id, name, before=before, limit=limit + 1)
    shown, following = cursors.page(found, limit, lambda delivery: delivery.place)
    views = [DeliveryView.model_validate(one.model_dump()) for one in shown]
    return DeliveryList(deliveries=views, next_cursor=following)


@router.post("/{name}/deliveries/{delivery_id}/redeliver", status_code=202, responses=responses(404, 409))
def redeliver(name: AnyName, delivery_id: DeliveryId, identity: Member, services: Injected) -> DeliveryReceipt:
    """Sends the same again, with the same id, and tries for a day again. One that is still tried is a conflict."""
    services.store_webhook.redeliver(identity.group_id, name, delivery_id)
    return DeliveryReceipt(delivery_id=delivery_id)


def _known(name: str, identity: Identity, services: Services) -> Webhook:
    webhook = services.webhooks.webhook(identity.group_id, name)
    if webhook is None:
        raise WebhookNotFound(f"There is no webhook {name!r} in this group.")
    return webhook
