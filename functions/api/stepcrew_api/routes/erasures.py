"""Removing what a person submitted, or everything of the group."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from stepcrew.domain.erasure import Erasure, ErasureNotFound
from stepcrew_api.audit_schemas import ErasureList
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected
from stepcrew_api.views import PREFIX

router = APIRouter(tags=["erasures"], route_class=GuardedRoute)

User = Annotated[str, Path(min_length=1, max_length=400, description="As executions name who submitted them.")]
ErasureId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9-]{1,60}$", description="The id that a removal was accepted with.")
]


# 404: no name has a line break in it.
@router.delete("/users/{user:path}", status_code=202, responses=responses(404))
def erase_user(user: User, identity: Admin, services: Injected, response: Response) -> Erasure:
    """Removes the executions and batches that this person submitted until now; open ones are cancelled first. Goes on
    by itself within minutes. Asking again, while it does, answers the same."""
    return _begun(services.begin_erasure(identity.group_id, user, identity.name), response)


@router.delete("/groups/{group_id}", status_code=202, responses=responses(404))
def erase_group(
    group_id: Annotated[str, Path(max_length=200, description="The group of the request, named once more.")],
    identity: Admin,
    services: Injected,
    response: Response,
) -> Erasure:
    """Removes everything of the group but its limits, which are the operator's, the audit log and this receipt.
    Triggers and secrets go at once."""
    if group_id != identity.group_id:
        raise ErasureNotFound(
            f"This request is made in the group {identity.group_id!r}.", remedy="Select the group with X-Group-Id."
        )
    return _begun(services.begin_erasure(group_id, None, identity.name), response)


@router.get("/erasures", responses=responses())
def list_erasures(identity: Admin, services: Injected) -> ErasureList:
    """What was asked to be removed, and what went, newest first."""
    return ErasureList(erasures=services.erasures.erasures(identity.group_id))


@router.get("/erasures/{erasure_id}", responses=responses(404))
def read_erasure(erasure_id: ErasureId, identity: Admin, services: Injected) -> Erasure:
    """The receipt as it is now."""
    return services.erasures.erasure(identity.group_id, erasure_id)


def _begun(erasure: Erasure, response: Response) -> Erasure:
    response.headers["Location"] = f"{PREFIX}/erasures/{erasure.erasure_id}"
    return erasure
