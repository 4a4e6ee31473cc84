"""What a cancel request still costs, and how soon it is heard."""

from __future__ import annotations

from tests.e2e.cancelling import CALL_SECONDS, Cancelled, cancel_one
from tests.e2e.user import User

from benchmarks.report import Figure, spread
from scripted_model import scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack

EXECUTIONS = 20
MOST_SECONDS = 3.0


def measure() -> list[Figure]:
    with scripted_model() as model:
        options = StackOptions(port=0, model=external_model(model.url), environment={})
        with running_stack(options) as stack, User(stack.url, "ada") as user:
            cancel_one(user, model, "warm-up", 1)
            found = [cancel_one(user, model, f"cancel-{number}", 1 + number % 4) for number in range(EXECUTIONS)]
    return figures(found)


def figures(found: list[Cancelled]) -> list[Figure]:
    most = max(one.begun for one in found)
    last = [max(0.0, one.to_last_call) for one in found]
    ends = [one.to_the_end for one in found]
    honest = sum(one.told == one.open for one in found)
    how = f"{len(found)} running crews, one after the other, each cancelled within a model call of {CALL_SECONDS} s"
    return [
        Figure(
            "Model calls begun after a cancel request",
            f"at most {most}",
            "≤ 1",
            most <= 1,
            f"{how}; counted at the model",
        ),
        Figure(
            "Cancel request → begin of the last model call",
            spread(last, "s"),
            None,
            True,
            "the same; 0 when it had begun before",
        ),
        Figure(
            "Cancel request → CANCELLED visible",
            spread(ends, "s"),
            f"≤ {MOST_SECONDS:g} s",
            max(ends) <= MOST_SECONDS,
            "the same; the client polls each 0.1 s",
        ),
        Figure(
            "Cancel receipts that name the calls the model saw",
            f"{honest} of {len(found)}",
            "all",
            honest == len(found),
            "the same; calls whose answer was not written down when the request came, or that began later",
        ),
    ]
