"""What starts executions without a person, and what each of them did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool

from stepcrew.domain import cursor as cursors
from stepcrew.domain.errors import CrewNotFound, InvalidRequest, TriggerNotFound
from stepcrew.domain.mapping import NothingThere
from stepcrew.domain.trigger import MOST_CONTENT_BYTES, REQUESTS, TRIGGER_NAME, Cause, Firing, Trigger
from stepcrew.services.fire_trigger import submission
from stepcrew.services.trigger_ports import UPLOAD_SECONDS
from stepcrew_api.bodies import SampleBody, TriggerBody
from stepcrew_api.guarded import PUBLIC, GuardedRoute
from stepcrew_api.identity import Admin, Caller, Identity, Member
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import TooLarge, responses
from stepcrew_api.services import Injected, Services
from stepcrew_api.trigger_schemas import FiringList, TriggerList, TriggerTrial, TriggerView, Upload
from stepcrew_api.views import PREFIX, trigger_view

router = APIRouter(tags=["triggers"], route_class=GuardedRoute)

OBJECT_NAME = r"^[^/\x00-\x1f\x7f]{1,255}(/[^/\x00-\x1f\x7f]{1,255}){0,10}$"
TriggerName = Annotated[str, Path(pattern=TRIGGER_NAME, description="The name the trigger is kept under.")]
FiringId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@router.get("/triggers", responses=responses())
def list_triggers(identity: Caller, services: Injected) -> TriggerList:
    """The group's triggers by name."""
    found = services.triggers.triggers(identity.group_id)
    return TriggerList(triggers=[trigger_view(trigger, identity.group_id) for trigger in found])


@router.get("/triggers/{name}", responses=responses(404))
def read_trigger(name: TriggerName, identity: Caller, services: Injected) -> TriggerView:
    """One trigger whole."""
    return trigger_view(_known(name, identity, services), identity.group_id)


@router.put(
    "/triggers/{name}",
    status_code=201,
    responses={200: {"model": TriggerView, "description": "Changed"}, **responses(400, 404, 413, 415)},
)
def store_trigger(
    name: TriggerName, body: TriggerBody, identity: Admin, services: Injected, response: Response
) -> TriggerView:
    """Checks and stores the trigger, with the rule or schedule it needs. Its executions name the caller."""
    if name == REQUESTS:
        raise InvalidRequest(
            f"The name {REQUESTS} is the built-in trigger's, for objects that are requests themselves."
        )
    trigger, is_new = services.store_trigger(identity.group_id, name, body, identity.name)
    if is_new:
        response.headers["Location"] = f"{PREFIX}/triggers/{name}"
    else:
        response.status_code = 200
    return trigger_view(trigger, identity.group_id)


@router.post("/triggers/{name}/pause", responses=responses(404))
def pause_trigger(name: TriggerName, identity: Admin, services: Injected) -> TriggerView:
    """Lets it start nothing until it is resumed. What arrives meanwhile is a SKIPPED firing."""
    return _switched(name, identity, services, enabled=False)


@router.post("/triggers/{name}/resume", responses=responses(404))
def resume_trigger(name: TriggerName, identity: Admin, services: Injected) -> TriggerView:
    """Lets a paused trigger start executions again."""
    return _switched(name, identity, services, enabled=True)


@router.delete("/triggers/{name}", status_code=204, responses=responses())
def delete_trigger(name: TriggerName, identity: Admin, services: Injected) -> Response:
    """Removes it with its firings; executions it started are not touched. Asking again changes nothing."""
    services.store_trigger.delete(identity.group_id, name)
    return Response(status_code=204)


@router.post("/triggers/{name}/test", responses=responses(400, 404, 413, 415))
def test_trigger(name: TriggerName, body: SampleBody, identity: Member, services: Injected) -> TriggerTrial:
    """Tells what a cause with this document would start. Nothing is started or stored."""
    trigger = _known(name, identity, services)
    try:
        request = submission(identity.group_id, trigger, Cause(key="test", document=dict(body.document)))
    except NothingThere as missing:
        return TriggerTrial(
            crew=trigger.crew,
            inputs=None,
            valid=False,
            reason=f"${{{missing.expression}}} finds nothing in the document.",
        )
    try:
        services.submit.check(request)
    except InvalidRequest as error:
        faults = error.faults
        return TriggerTrial(crew=trigger.crew, inputs=request.inputs, valid=False, reason=error.message, errors=faults)
    except CrewNotFound as error:
        return TriggerTrial(crew=trigger.crew, inputs=request.inputs, valid=False, reason=error.message)
    return TriggerTrial(crew=trigger.crew, inputs=request.inputs, valid=True)


@router.get("/triggers/{name}/firings", responses=responses(404))
def list_firings(
    name: TriggerName,
    identity: Caller,
    services: Injected,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> FiringList:
    """What the trigger did, newest first. `inbox` is the built-in one, for objects that are requests themselves."""
    if name != REQUESTS:
        _known(name, identity, services)
    before = cursors.decode(cursor)
    found = services.triggers.firings(identity.group_id, name, before=before, limit=limit + 1)
    shown, following = cursors.page(found, limit, lambda firing: firing.place)
    return FiringList(firings=shown, next_cursor=following)


@router.post("/triggers/{name}/firings/{firing_id}/fire", responses=responses(404))
def fire_again(name: TriggerName, firing_id: FiringId, identity: Member, services: Injected) -> Firing:
    """Fires anew what a firing did not start, from the cause that was kept. One that started everything stays as it
    is; of rows, only those that did not start are tried again."""
    trigger = None if name == REQUESTS else _known(name, identity, services)
    cause = services.triggers.cause(identity.group_id, name, firing_id)
    if cause is None:
        raise TriggerNotFound(f"The trigger {name!r} has no firing {firing_id}.")
    return services.fire_trigger(identity.group_id, trigger, cause, again=True).firing


@router.post("/hooks/{address}", status_code=202, responses=responses(404, 413), openapi_extra=PUBLIC)
async def take_delivery(
    address: Annotated[str, Path(max_length=300, description="The trigger's `hook_path`, its last part.")],
    request: Request,
    services: Injected,
) -> Firing:
    """Public: a delivery that is signed with the trigger's secret. The same delivery again is the same firing."""
    body = await request.body()
    if len(body) > MOST_CONTENT_BYTES:
        raise TooLarge(f"The body is larger than {MOST_CONTENT_BYTES:,} bytes.")
    return await run_in_threadpool(services.take_delivery, address, dict(request.headers), body)


# 404: no address has a line break in it.
@router.post("/inbox/{name:path}", responses=responses(404))
def offer_upload(
    name: Annotated[str, Path(pattern=OBJECT_NAME, description="The object's key below the group's folder.")],
    identity: Member,
    services: Injected,
) -> Upload:
    """A signed address to put an object of the inbox at, which makes the triggers it matches fire."""
    return Upload(url=services.inbox.upload_url(identity.group_id, name), expires_in=UPLOAD_SECONDS)


def _known(name: str, identity: Identity, services: Services) -> Trigger:
    trigger = services.triggers.trigger(identity.group_id, name)
    if trigger is None:
        raise TriggerNotFound(f"There is no trigger {name!r} in this group.")
    return trigger


def _switched(name: str, identity: Identity, services: Services, *, enabled: bool) -> TriggerView:
    trigger = services.store_trigger.pause(identity.group_id, name, identity.name, enabled=enabled)
    return trigger_view(trigger, identity.group_id)
