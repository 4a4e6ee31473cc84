"""An orchestrator that only remembers."""

from __future__ import annotations

from stepcrew.domain.diagnosis import Machine, MachineStep
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.services.ports import Orchestration


class FakeOrchestrator:
    """Remembers what was started and resumed; the next `outages` calls fail. `standing` is what `look` answers,
    with `steps` what `history` does."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.replaced: list[str] = []
        self.resumed: list[str] = []
        self.standing: dict[str, Orchestration] = {}
        self.steps: dict[str, list[MachineStep]] = {}
        self.replacements_left = 4
        self.outages = 0

    def start(self, execution: Execution) -> None:
        self._fail_when_due()
        self.started.append(execution.execution_id)

    def replace(self, execution: Execution) -> bool:
        self._fail_when_due()
        if not self.replacements_left:
            return False
        self.steps: dict[str, list[MachineStep]] = {}
        self.replacements_left -= 1
        self.replaced.append(execution.execution_id)
        return True

    def resume(self, token: str) -> None:
        self._fail_when_due()
        self.resumed.append(token)

    def look(self, execution_id: str) -> Orchestration | None:
        self._fail_when_due()
        return self.standing.get(execution_id)

    def history(self, execution_id: str, steps: int) -> Machine | None:
        standing = self.look(execution_id)
        if standing is None:
            return None
        return Machine(status=standing.status, error=standing.error, steps=self.steps.get(execution_id, [])[-steps:])

    def _fail_when_due(self) -> None:
        if self.outages:
            self.outages -= 1
            raise PlatformUnavailable("The state machine did not answer.")
