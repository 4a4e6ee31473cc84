"""One attempt: takes the execution over, runs its crew with what is known already, and says how it went."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.definition import ApprovalRules
from stepcrew.domain.errors import ExecutionNotFound, PlatformUnavailable, StepcrewError, StillWaiting, Superseded
from stepcrew.domain.execution import Execution
from stepcrew.domain.submission import Submission, fingerprint
from stepcrew.domain.trace import LogLine, TraceEvent
from stepcrew.log_context import about
from stepcrew.services.meter_ports import AttemptMeter
from stepcrew.services.ports import Clock, TraceQueue
from stepcrew.services.secret_ports import Secrets
from stepcrew.services.tool_ports import ToolFunctions
from stepcrew_runner.approvals.decisions import Decisions
from stepcrew_runner.attempt.connecting import connect, given_secrets
from stepcrew_runner.attempt.ending import WAS_CANCELLED, CrewEnd, Ending, Outcome, failed
from stepcrew_runner.attempt.refusals import CHANGED, NOT_THIS_CODE, OLDER, TOO_LONG
from stepcrew_runner.crew.building import CrewBuilder, GivenSecrets
from stepcrew_runner.crew.checkpoints import Checkpoints
from stepcrew_runner.crew.failures import explain
from stepcrew_runner.crew.files import CrewFiles
from stepcrew_runner.crew.flow_states import KeptStates
from stepcrew_runner.crew.flows import FlowBuilder
from stepcrew_runner.crew.function_tools import NoFunctions
from stepcrew_runner.crew.install import install
from stepcrew_runner.crew.models import ModelFactory, longest_call, needs_aws_keys
from stepcrew_runner.crew.output_files import OutputFiles
from stepcrew_runner.crew.parts import CrewParts, Stores
from stepcrew_runner.crew.remembering import serve_project_memory
from stepcrew_runner.crew.running import CrewRun
from stepcrew_runner.crew.shown_files import ShownFiles
from stepcrew_runner.gate.aborts import Abort, AskPerson, CancelRequested, CrewFailed, OutOfTime
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.control import Control, Time
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.journal import Journal, Source
from stepcrew_runner.gate.placeholders import KeptPlaceholders, Placeholders
from stepcrew_runner.isolation import environment
from stepcrew_runner.isolation.redaction import Redactor
from stepcrew_runner.project.building import ProjectCode
from stepcrew_runner.project.questions import Questions
from stepcrew_runner.trace.claim_check import ClaimCheck
from stepcrew_runner.trace.logs import EVERYTHING, USUAL, Detail, execution_log
from stepcrew_runner.trace.recorder import TraceRecorder
from stepcrew_runner.trace.sender import TraceSender

logger = logging.getLogger("stepcrew_runner")


class Answer(NamedTuple):
    """What the attempt answers to the state machine."""

    outcome: Outcome
    attempt: int


class Ports(NamedTuple):
    stores: Stores
    queue: TraceQueue
    secrets: Secrets
    clock: Clock
    model_keys: Callable[[], Mapping[str, str]]
    """Credentials, as boto3 names them, that can do nothing but call models of Amazon Bedrock."""
    functions: ToolFunctions = NoFunctions()
    """How tools that are functions of the group are called."""
    connections: Mapping[str, ConnectionSpec] = MappingProxyType({})
    """The operator's model connections, by name."""
    own_secrets: Sequence[str] = ()
    """What the ports themselves sign with. No crew is given it; it is masked like what one is given."""
    meter: AttemptMeter | None = None


class Replay(NamedTuple):
    """Runs a crew from the journal of another execution. `lets_out`: whether what has no answer there is let out."""

    source: Source
    lets_out: bool


class Inside(NamedTuple):
    """The parts of one attempt that its crew runs with."""

    companions: Companions
    recorder: TraceRecorder
    placeholders: Placeholders


class Unexpected(StepcrewError):
    """Something of the platform's own is wrong; what is told of it has no secret in it."""

    remedy = "Tell the operator."


class RunAttempt:
    """Raises only for faults of the platform; the state machine repeats those.

    `slice_seconds` ends a slice earlier than the invocation's own time does; 0 leaves it to that. `project` is the code
    of the one project that this function serves; without one it runs definitions only. `detail` is that of all logs of
    executions that are not to be debugged."""

    def __init__(
        self,
        ports: Ports,
        default_model: str,
        slice_seconds: float = 0,
        project: ProjectCode | None = None,
        replay: Replay | None = None,
        default_embedder: str = "",
        most_memory_days: int = 0,
        detail: Detail = USUAL,
    ) -> None:
        install()
        self._detail = detail
        self._ports = ports
        self._project = project
        self._default_model = default_model
        self._default_embedder = default_embedder
        self._most_memory_days = most_memory_days
        self._slice_seconds = slice_seconds
        self._replay = replay

    def __call__(
        self,
        group_id: str,
        execution_id: str,
        remaining: Callable[[], float],
        begun: Callable[[int], None] = lambda _: None,
    ) -> Answer:
        """`remaining` tells the seconds left of this invocation. `begun` is told the number of an attempt that
        begins."""
        executions, now = self._ports.stores.executions, self._ports.clock.now()
        memory_mb = self._ports.meter.memory_mb if self._ports.meter else 0
        try:
            execution = executions.begin_attempt(group_id, execution_id, now, memory_mb)
        except StillWaiting:
            return Answer(Outcome.PARKED, 0)
        except (Superseded, ExecutionNotFound):
            return Answer(Outcome.SUPERSEDED, 0)
        begun(execution.attempt)
        with about(attempt=execution.attempt):
            return self._begun(execution, remaining)

    def _begun(self, execution: Execution, remaining: Callable[[], float]) -> Answer:
        redactor = Redactor()
        for secret in self._ports.own_secrets:
            redactor.learn(secret)
        try:
            return Answer(self._attempt(execution, remaining, redactor), execution.attempt)
        except Superseded:
            return Answer(Outcome.SUPERSEDED, execution.attempt)
        except PlatformUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the boundary to Lambda, which tells log and history what is raised
            logger.error("Unexpected: %s", redactor.text("".join(traceback.format_exception(error))))
            raise Unexpected(f"{type(error).__name__}: {redactor.text(str(error))}") from None

    def _attempt(self, execution: Execution, remaining: Callable[[], float], redactor: Redactor) -> Outcome:
        ports, stores = self._ports, self._ports.stores
        submission = stores.executions.submission(execution.group_id, execution.execution_id)
        placeholders = KeptPlaceholders() if self._replay else Placeholders()
        journal = Journal(stores.journal, execution, placeholders, self._replay and self._replay.source)
        journal.load()
        call_seconds = longest_call(submission.definition, self._default_model)
        time_left = Time(remaining, call_seconds, self._slice_seconds)
        control = Control(execution, stores.executions, ports.clock, time_left, journal.usage)
        gate = Gate(execution, ports.clock, control, journal)
        gate.prices = submission.model_prices
        gate.only_replays = self._replay is not None and not self._replay.lets_out
        companions = Companions(execution, ports.clock, redactor, control, gate)

        def send(events: list[TraceEvent], logs: list[LogLine]) -> None:
            ports.queue.send(execution.group_id, execution.execution_id, execution.attempt, events, logs)

        sender = TraceSender(send, ClaimCheck(execution, stores.payloads).apply)
        tells_own_tasks = submission.project is not None or submission.flow is not None
        names = None if tells_own_tasks else [task.name for task in submission.definition.tasks]
        recorder = TraceRecorder(companions, names, sender.put)
        ending = Ending(companions, stores.executions, stores.approvals, recorder, sender, ports.meter)
        detail = EVERYTHING if execution.debug else self._detail
        with execution_log(execution.attempt, sender.put_log, redactor, detail):
            control.start()
            if execution.attempt > 1 and str(execution.attempt - 1) not in execution.traces_emitted:
                died = "Attempt %d died without saying why: the runner's log group has its exit code or signal."
                logger.warning(died, execution.attempt - 1)
            try:
                end = self._run(submission, Inside(companions, recorder, placeholders))
            except PlatformUnavailable as fault:
                logger.warning("Attempt %d ends: %s", execution.attempt, fault.message)
                ending.give_up()
                raise
            finally:
                gate.shut()
                control.close()
            logger.info("Attempt %d ends: %s", execution.attempt, end.message)
        try:
            return ending(end, submission.definition.approval or ApprovalRules())
        except PlatformUnavailable:
            ending.give_up()
            raise

    def _run(self, submission: Submission, inside: Inside) -> CrewEnd:
        execution, control = inside.companions.execution, inside.companions.control
        if execution.cancel_requested_at:
            return WAS_CANCELLED
        if execution.attempt > 1 and not execution.journalled and inside.companions.gate.journal.is_empty:
            return failed(OLDER)
        if execution.definition_hash not in (None, fingerprint(submission)):
            return failed(CHANGED)
        wanted = submission.project.bundle if submission.project else None
        if wanted != (self._project.bundle.digest if self._project else None):
            return failed(NOT_THIS_CODE)
        try:
            return self._crew(submission, inside)
        except CancelRequested:
            return WAS_CANCELLED
        except AskPerson as asked:
            return CrewEnd(Outcome.PARKED, asked.question.text, question=asked.question)
        except CrewFailed as ended:
            return failed(ended.error)
        except OutOfTime as over:
            if inside.companions.gate.journal.has_grown:
                return CrewEnd(Outcome.CONTINUE, over.reason)
            return failed(TOO_LONG.model_copy(update={"task": control.progress().current_task}))
        except (Abort, Superseded):
            return CrewEnd(Outcome.SUPERSEDED, "A later attempt or a terminal status took over.")
        except Exception as error:  # the boundary of the crew: whatever it raises is its failure
            if isinstance(error, PlatformUnavailable) and error.retryable:
                raise  # none of the crew's doing
            task, refused = control.progress().current_task, inside.companions.gate.journal.refused()
            variables = submission.project.environment if submission.project else ()
            return failed(explain(error, task, inside.companions.redactor.text, refused, variables))

    def _crew(self, submission: Submission, inside: Inside) -> CrewEnd:
        ports, stores, companions = self._ports, self._ports.stores, inside.companions
        execution = companions.execution
        finished = stores.tasks.task_outputs(execution.group_id, execution.execution_id)
        asked = stores.approvals.approvals(execution.group_id, execution.execution_id) if execution.approvals else []
        decisions = Decisions(asked)
        logger.info("Attempt %d starts with %d finished tasks.", execution.attempt, len(finished))
        models, secrets = self._given(submission, inside)
        if news := decisions.news(execution):
            inside.recorder.decided(news)
        if decisions.rejection:
            return failed(decisions.rejection)
        output = OutputFiles(companions, stores.payloads, environment.WORK)
        checkpoints = Checkpoints(companions, stores.tasks, inside.recorder)
        run = CrewRun(companions, checkpoints, inside.recorder, output if self._project else None)
        files = CrewFiles(companions, stores.files)
        shown = ShownFiles(companions, stores.files, submission.inputs)
        submission = submission.model_copy(update={"inputs": files.in_place(submission.inputs)})
        with environment.workspace(lambda: companions.control.interrupt):
            parts = CrewParts(companions, models, files, shown, stores, self._default_embedder, self._most_memory_days)
            crew_name = execution.crew.name if execution.crew else execution.name
            states = KeptStates(companions, crew_name, stores.states)
            if self._project is None and submission.flow:
                with Questions(decisions, companions.control).in_place(), states.in_place():
                    run(FlowBuilder(submission, parts, secrets, ports.functions), finished, decisions)
            elif self._project is None:
                run(CrewBuilder(submission, parts, secrets, ports.functions), finished, decisions)
            else:
                serve_project_memory(submission.definition, companions, stores.memory, self._most_memory_days)
                variables = environment.extra_variables({**models.environment(), **secrets.of_tools})
                with variables, Questions(decisions, companions.control).in_place(), states.in_place():
                    builder = self._project.builder(submission, environment.WORK, shown.pictures(), output)
                    run(builder, finished, decisions)
        return CrewEnd(Outcome.COMPLETED, "Completed.")

    def _given(self, submission: Submission, inside: Inside) -> tuple[ModelFactory, GivenSecrets]:
        """The models and the secrets that the crew may use; from here on the values of all of them are masked."""
        ports, companions = self._ports, inside.companions
        # A project's own code could read them.
        operators = {} if self._project else ports.secrets.operator_secrets()
        own_secret = partial(ports.secrets.group_secret, companions.execution.group_id)
        connected = connect(submission, ports.connections, operators.get, own_secret)
        companions.gate.endpoints = connected.endpoints
        defaults = (self._default_model, self._default_embedder)
        needs_keys = self._project is not None or needs_aws_keys(submission.definition, *defaults, connected.models)
        aws_keys: Mapping[str, str] = ports.model_keys() if needs_keys else {}
        models = ModelFactory(operators, self._default_model, aws_keys, connected.models)
        secrets = given_secrets(submission, operators, own_secret)
        for value in [*models.secrets().values(), *secrets.of_tools.values(), *secrets.of_servers.values()]:
            companions.redactor.learn(value)
        inside.placeholders.learn({**models.secrets(), **secrets.of_tools, **secrets.of_servers})
        return models, secrets
