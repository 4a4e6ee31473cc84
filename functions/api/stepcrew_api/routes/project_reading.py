"""Reads a project's texts as the command line reads its folder."""

from __future__ import annotations

from fastapi import APIRouter

from stepcrew_api.bodies import ReadingBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Member
from stepcrew_api.problems import responses
from stepcrew_api.project_schemas import ProjectAsCrew

router = APIRouter(tags=["projects"], route_class=GuardedRoute)


@router.post("/projects/read", responses=responses(400, 413, 415))
def read_project(body: ReadingBody, _identity: Member) -> ProjectAsCrew:
    """The crew of a project folder, or of one file, without running anything. What is not read is told in `notes`; what
    decides how the crew runs and is only known to Python is a fault. Nothing is stored."""
    from stepcrew_api.project_texts import crew_of

    return crew_of(body)
