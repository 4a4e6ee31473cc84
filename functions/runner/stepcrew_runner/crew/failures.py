"""What went wrong with a crew, in one sentence, with a category and a remedy."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from stepcrew.domain.errors import Category, ExecutionError, StepcrewError
from stepcrew.domain.text_bounds import beginning
from stepcrew_runner.crew.provider_answers import chain, refusal_of
from stepcrew_runner.crew.provider_errors import Refusal
from stepcrew_runner.isolation import environment

MOST_CHARACTERS = 500
MOST_FIELDS = 3
READS_ANSWERS = re.compile(
    r"crewai/(utilities/|llms/|llm\.py|task\.py|tasks/|lite_agent|agents/|experimental/)"
    r"|stepcrew_runner/crew/(structured|tasks)\.py"
)
"""The files in which the answers of models are read."""


class Cause(NamedTuple):
    """Recognised by the name of an exception in the chain, or by the beginning of a word in its text."""

    type: str
    category: Category
    sentence: str
    remedy: str
    retryable: bool = False
    names: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    def is_in(self, error: BaseException) -> bool:
        name, text = type(error).__name__, str(error)
        return name in self.names or any(re.search(sign, text) for sign in self.signs)


BEFORE_PROVIDERS = (
    Cause(
        "PrivateAddress",
        Category.TOOL,
        "The crew tried to reach an address inside the platform",
        "Use public addresses only.",
        names=("PrivateAddress",),
    ),
    Cause(
        "McpServer",
        Category.TOOL,
        "An MCP server could not be used",
        "Check the server's address and headers.",
        retryable=True,
        names=("MCPConnectionError", "MCPAuthenticationError", "MCPHTTPError"),
    ),
    Cause(
        "ToolFailed",
        Category.TOOL,
        "A tool failed",
        "Look at the tool's events in the trace.",
        names=("ToolExecutionFailedError", "ToolUsageError", "ToolUsageLimitExceededError"),
    ),
    Cause(
        "MaxExecutionTime",
        Category.TIMEOUT,
        "The agent took longer than its max_execution_time",
        "Raise the agent's max_execution_time, or give it less to do.",
        signs=(r"execution timed out after \d+ seconds\. Consider increasing max_execution_time",),
    ),
    Cause(
        "AnswerCutOff",
        Category.MODEL,
        "The answer was cut off at its longest length",
        "Raise max_tokens, or ask for a shorter answer.",
        names=("LengthFinishReasonError",),
    ),
    Cause(
        "ProcessEnded",
        Category.CREW,
        "A part of the crew tried to end the process that runs it",
        "Remove what does that, or tell the operator if it is none of yours.",
        names=("ProcessEndRefused",),
    ),
)
AFTER_PROVIDERS = (
    Cause(
        "GuardrailNotPassed",
        Category.GUARDRAIL,
        "The output did not pass the guardrail",
        "Loosen the guardrail, or say in the task what it asks for.",
        signs=(r"\bguardrail",),
    ),
)

Mask = Callable[[str], str]


def explain(
    error: BaseException,
    task: str | None,
    mask: Mask = str,
    model: str | None = None,
    variables: Iterable[str] = (),
) -> ExecutionError:
    """Our own errors speak for themselves; the others are recognised by their names, in the chain of causes. `mask`
    hides secrets in a text before it is cut; `model` is the one that refused last; `variables` are what a project reads
    from its environment."""
    links = list(chain(error))
    for one in links:
        if isinstance(one, StepcrewError):
            return ExecutionError(
                category=one.category,
                type=type(one).__name__,
                message=one.message,
                retryable=one.retryable,
                remedy=one.remedy,
                task=task,
            )
    for one in links:
        if isinstance(one, ValidationError):
            return _not_of_schema(one, task) if _is_of_an_answer(one) else _invalid(one, task, mask)
    text = mask(str(error)) or type(error).__name__
    if known := _known(BEFORE_PROVIDERS, links):
        return _explained(known, text, task)
    if refusal := refusal_of(error):
        return _explained(refusal, text, task, model)
    if known := _known(AFTER_PROVIDERS, links):
        return _explained(known, text, task)
    return ExecutionError(
        category=Category.CREW,
        type=type(error).__name__,
        message=f"The crew failed{_where(task)}{_place(links)}: {_short(text)}",
        remedy=_set(variables, text) or "Look at the last events of the trace.",
        task=task,
    )


def _set(variables: Iterable[str], text: str) -> str:
    """What to do where the text names one of these variables."""
    named = next((name for name in variables if re.search(rf"\b{name}\b", text)), "")
    told = f"The code reads {named} from its environment, which secrets of the group fill: stepcrew secrets set {named}"
    return told if named else ""


def _is_of_an_answer(error: ValidationError) -> bool:
    """Whether a model's answer was being read: by CrewAI where it reads them, or by the platform. A project's own code,
    the state of a flow, or an object that cannot be made raise such errors too."""
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    own = [file.replace("\\", "/") for file in files if "/pydantic" not in file]
    return not own or bool(READS_ANSWERS.search(own[-1]))


def _invalid(error: ValidationError, task: str | None, mask: Mask) -> ExecutionError:
    """Values that a schema of the crew's own does not take."""
    return ExecutionError(
        category=Category.CREW,
        type="InvalidValue",
        message=f"A value does not fit {error.title}{_where(task)}: {_short(mask(_places(error)))}",
        remedy="Correct the value, or the class or field that takes it.",
        task=task,
    )


def _places(error: ValidationError) -> str:
    """Fields as JSON pointers, at most three of them, each with what is wrong."""
    details = error.errors(include_url=False, include_context=False)
    places = [f"{'/'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in details[:MOST_FIELDS]]
    more = f" and {len(details) - MOST_FIELDS} more faults" if len(details) > MOST_FIELDS else ""
    return "; ".join(places) + more


def _not_of_schema(error: ValidationError, task: str | None) -> ExecutionError:
    """With the beginning of the answer."""
    details = error.errors(include_url=False, include_context=False)
    is_json = details[0]["type"] != "json_invalid"
    what = _places(error) if is_json else f"it is not JSON ({details[0]['msg']})"
    answer = details[0]["input"]
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, default=str)
    return ExecutionError(
        category=Category.MODEL,
        type="AnswerNotOfSchema",
        message=f"The answer does not fit its schema {error.title}{_where(task)}: {what}. It was: {_short(text)}",
        remedy="Say in the task what each field holds, loosen the schema, or raise max_tokens if the answer is cut.",
        task=task,
    )


def model_failure(
    error: BaseException | None, text: str, task: str | None, model: str | None = None
) -> ExecutionError | None:
    """The explanation of an agent's error if it is the model provider's doing, else None. `text` is what CrewAI says of
    it, without secrets; the error itself says more. `model` is the one that refused."""
    if error and _known(BEFORE_PROVIDERS, list(chain(error))):
        return None
    refusal = refusal_of(error, text)
    return _explained(refusal, text, task, model) if refusal else None


def _known(causes: tuple[Cause, ...], links: list[BaseException]) -> Cause | None:
    return next((cause for cause in causes for one in links if cause.is_in(one)), None)


def _explained(cause: Cause | Refusal, text: str, task: str | None, model: str | None = None) -> ExecutionError:
    return ExecutionError(
        category=cause.category,
        type=cause.type,
        message=f"{cause.sentence}{_where(task)}{f' (model {model})' if model else ''}: {_short(text)}",
        retryable=cause.retryable,
        remedy=cause.remedy,
        task=task,
    )


def _where(task: str | None) -> str:
    return f" in crew task {task}" if task else ""


def _place(links: list[BaseException]) -> str:
    """The last line of a project's own code that the error came through, as ` at crew.py:12`; empty where none is in
    it. What caused an error knows more of it than what was made of it."""
    for one in reversed(links):
        for frame in reversed(traceback.extract_tb(one.__traceback__)):
            if (path := Path(frame.filename)).is_relative_to(environment.WORK):
                return f" at {path.relative_to(environment.WORK)}:{frame.lineno}"
    return ""


def _short(text: str) -> str:
    return beginning(" ".join(text.split()), MOST_CHARACTERS)
