"""Projects: crews and flows with their own Python."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from stepcrew import runner_packages
from stepcrew.domain.errors import CrewNotFound
from stepcrew.domain.project import function_name, group_digest
from stepcrew.settings import Settings
from stepcrew_api.bodies import BundleBody, ProjectBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.project_schemas import BundleUpload, ProjectFunction, ProjectRuntime
from stepcrew_api.routes.crews import CrewName, stored_view
from stepcrew_api.schemas import CrewView
from stepcrew_api.services import Injected, Services

router = APIRouter(tags=["projects"], route_class=GuardedRoute)
MOST_OPEN_TOLD = 100


def settings(request: Request) -> Settings:
    return request.app.state.settings


Platform = Annotated[Settings, Depends(settings)]


@router.get("/projects/runtime", responses=responses())
def runtime(_identity: Caller, platform: Platform) -> ProjectRuntime:
    """What bundles are built for: the Python, the machine and the packages of the runner."""
    return ProjectRuntime(
        python=platform.runner_python, platform=platform.runner_platform, packages=runner_packages.lines()
    )


@router.post("/projects/{name}/bundle", responses=responses(400, 413, 415))
def upload_bundle(
    name: CrewName, body: BundleBody, identity: Admin, services: Injected, platform: Platform
) -> BundleUpload:
    """Where the bytes of a bundle may be put. Asking again is harmless; nothing is stored by it."""
    return upload_for(services, place_of(platform, identity.group_id, name), identity.group_id, body.sha256)


@router.get("/projects/{name}/function", responses=responses(404))
def project_function(name: CrewName, identity: Admin, services: Injected, platform: Platform) -> ProjectFunction:
    """Where the function of a project is, for those who remove it. A deleted crew's is told too."""
    if services.crews.history(identity.group_id, name) is None:
        raise CrewNotFound(f"There never was a crew {name!r} in this group.")
    open_ones = (one for one in services.executions.open_of(identity.group_id) if one.crew and one.crew.name == name)
    told = sorted(islice((one.execution_id for one in open_ones), MOST_OPEN_TOLD))
    return ProjectFunction(parameters=place_of(platform, identity.group_id, name), open_executions=told)


@router.put(
    "/projects/{name}",
    status_code=201,
    responses={200: {"model": CrewView, "description": "The same as the latest version"}, **responses(400, 413, 415)},
)
def store_project(
    name: CrewName, body: ProjectBody, identity: Admin, services: Injected, response: Response
) -> CrewView:
    """Makes the code the next version of the stored crew of that name. What equals the latest version makes none."""
    saved_by = identity.name
    stored = services.store_project(identity.group_id, name, body.project, body.outline, dict(body.inputs), saved_by)
    return stored_view(stored, response)


def upload_for(services: Services, place: dict[str, str], group_id: str, digest: str) -> BundleUpload:
    """The answer to whoever wants to deploy a bundle."""
    parameters = {**place, "Bundle": digest}
    if services.bundles.has(group_id, digest):
        return BundleUpload(stored=True, parameters=parameters)
    upload = services.bundles.upload(group_id, digest)
    return BundleUpload(stored=False, url=upload.url, headers=upload.headers, parameters=parameters)


def place_of(platform: Settings, group_id: str, name: str) -> dict[str, str]:
    """The parameters that tell the function of this name from others."""
    return {
        "Platform": platform.stack_name,
        "Name": function_name(name, platform.stack_name),
        "GroupId": group_id,
        "GroupDigest": group_digest(group_id),
    }
