"""Crews that the group keeps under names."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from stepcrew.domain import cursor as cursors
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.parts import placeholders_of
from stepcrew.domain.stored_crew import ALIAS_NAME, CREW_NAME, MOST_VERSIONS, StoredCrew
from stepcrew.services.delete_crew import delete_crew as remove_crew
from stepcrew.services.move_alias import move_alias as move
from stepcrew.services.read_crew import existing_history
from stepcrew.services.read_crew import read_crew as find_crew
from stepcrew.services.store_crew import roll_back
from stepcrew_api.bodies import AliasBody, RollbackBody, ToStore
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.paging import Cursor, Limit
from stepcrew_api.problems import responses
from stepcrew_api.schemas import AliasList, AliasView, CrewDocument, CrewList, CrewView
from stepcrew_api.services import Injected
from stepcrew_api.views import PREFIX, crew_view

router = APIRouter(prefix="/crews", tags=["crews"], route_class=GuardedRoute)

CrewName = Annotated[str, Path(pattern=CREW_NAME, description="The name the crew is kept under.")]
AliasName = Annotated[str, Path(pattern=ALIAS_NAME, description="What stands behind the @: `prod` of `support@prod`.")]


@router.get("", responses=responses())
def list_crews(
    identity: Caller,
    services: Injected,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CrewList:
    """The group's stored crews by name, each as its latest version."""
    after = cursors.decode(cursor)
    if after is not None and not re.fullmatch(CREW_NAME, after):
        raise cursors.invalid()
    found = services.crews.crews(identity.group_id, after=after, limit=limit + 1)
    shown, following = cursors.page(found, limit, lambda crew: crew.name)
    return CrewList(crews=[crew_view(one) for one in shown], next_cursor=following)


@router.get("/{name}", responses=responses(404))
def read_crew(
    name: CrewName,
    identity: Caller,
    services: Injected,
    version: Annotated[int | None, Query(ge=1, le=MOST_VERSIONS, description="The latest when absent.")] = None,
    alias: Annotated[str | None, Query(pattern=ALIAS_NAME, description="The version that it stands for.")] = None,
) -> CrewDocument:
    """One version whole: `config` and `inputs` can be submitted, or stored again."""
    if version and alias:
        raise InvalidRequest.at("", "ambiguous", "Give version or alias, not both.")
    crew, submission = find_crew(services.crews, identity.group_id, name, version or alias)
    return CrewDocument(
        **crew_view(crew).model_dump(),
        config=submission.config,
        inputs=submission.inputs,
        project=submission.project,
        placeholders=placeholders_of(submission),
    )


@router.put(
    "/{name}",
    status_code=201,
    responses={200: {"model": CrewView, "description": "The same as the latest version"}, **responses(400, 413, 415)},
)
def store_crew(name: CrewName, body: ToStore, identity: Admin, services: Injected, response: Response) -> CrewView:
    """Checks the crew as a submission is checked, but for inputs that are not given, and stores it as the next version
    of that name. What equals the latest version makes none."""
    stored = services.store_crew(
        identity.group_id,
        name,
        dict(body.config),
        dict(body.inputs) if body.inputs is not None else None,
        identity.name,
    )
    return stored_view(stored, response)


@router.post(
    "/{name}/rollback",
    status_code=201,
    responses={
        200: {"model": CrewView, "description": "The same as the latest version"},
        **responses(400, 404, 413, 415),
    },
)
def roll_crew_back(
    name: CrewName, body: RollbackBody, identity: Admin, services: Injected, response: Response
) -> CrewView:
    """Stores an earlier version again as the next one. Executions, and aliases, keep the versions they have."""
    stored = roll_back(
        services.crews, identity.group_id, name, body.version, saved_by=identity.name, now=services.clock.now()
    )
    return stored_view(stored, response)


@router.get("/{name}/aliases", responses=responses(404))
def list_aliases(name: CrewName, identity: Caller, services: Injected) -> AliasList:
    """The crew's aliases, and the version that each stands for."""
    existing_history(services.crews, identity.group_id, name)
    found = services.crews.aliases(identity.group_id, name)
    return AliasList(aliases=[AliasView(**one.model_dump()) for one in found])


@router.put("/{name}/aliases/{alias}", responses=responses(400, 404, 413, 415))
def move_alias(name: CrewName, alias: AliasName, body: AliasBody, identity: Admin, services: Injected) -> AliasView:
    """Lets the alias stand for a version from now on. Executions that were submitted keep theirs."""
    moved = move(
        services.crews,
        identity.group_id,
        name,
        alias,
        body.version,
        moved_by=identity.name,
        now=services.clock.now(),
    )
    return AliasView(**moved.model_dump())


@router.delete("/{name}/aliases/{alias}", status_code=204, responses=responses())
def remove_alias(name: CrewName, alias: AliasName, identity: Admin, services: Injected) -> Response:
    """Whatever names the crew by it finds none from now on. Asking again changes nothing."""
    services.crews.remove_alias(identity.group_id, name, alias)
    return Response(status_code=204)


def stored_view(stored: tuple[StoredCrew, bool], response: Response) -> CrewView:
    """The answer to whatever stores a crew: its latest version, and whether this request made it."""
    crew, is_new = stored
    if is_new:
        response.headers["Location"] = f"{PREFIX}/crews/{crew.name}?version={crew.version}"
    else:
        response.status_code = 200
    return crew_view(crew)


@router.delete("/{name}", status_code=204, responses=responses())
def delete_crew(name: CrewName, identity: Admin, services: Injected) -> Response:
    """Removes all versions and aliases; executions made from them are not touched. Asking again changes nothing."""
    remove_crew(services.crews, identity.group_id, name)
    return Response(status_code=204)
