"""Keeps a version of a project: its code is in the bucket already, and a function of its own has it."""

from __future__ import annotations

from pydantic import JsonValue

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.project import ProjectOutline, ProjectVersion, function_marker
from stepcrew.domain.stored_crew import StoredCrew
from stepcrew.domain.submission import Submission
from stepcrew.services.bundle_ports import BundleStore
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.ports import Clock
from stepcrew.services.store_crew import save_version


class StoreProject:
    """Storing the same again changes nothing."""

    def __init__(self, crews: CrewStore, bundles: BundleStore, clock: Clock) -> None:
        self._crews = crews
        self._bundles = bundles
        self._clock = clock

    def __call__(
        self,
        group_id: str,
        name: str,
        project: ProjectVersion,
        outline: ProjectOutline,
        inputs: dict[str, JsonValue],
        saved_by: str | None,
    ) -> tuple[StoredCrew, bool]:
        """The crew as it is stored now, and whether this made a new version. Raises `InvalidRequest` with every fault:
        a bundle that was not uploaded, a function of somebody else's."""
        faults: list[Fault] = []
        if not self._bundles.has(group_id, project.bundle):
            detail = f"The bundle {project.bundle[:12]}… has not been uploaded."
            remedy = "Upload it to the address that POST /bundles answers."
            faults.append(Fault(pointer="/project/bundle", code="missing", detail=detail, remedy=remedy))
        if function_marker(group_id) not in project.function:
            detail = "The function is not one of this group's projects."
            remedy = "Deploy the project's function with projects/template.yaml, or with stepcrew deploy."
            faults.append(Fault(pointer="/project/function", code="foreign", detail=detail, remedy=remedy))
        if faults:
            raise InvalidRequest("The project was not stored.", faults)
        submission = Submission(project=project, definition=outline, inputs=inputs)
        return save_version(self._crews, group_id, name, submission, saved_by=saved_by, now=self._clock.now())
