"""What it costs that a crew is longer than one invocation of the runner."""

from __future__ import annotations

from tests.e2e.slicing import SLICE_SECONDS, Ran, long_crew, run, stack_of

from benchmarks.report import Figure, median, spread
from scripted_model import scripted_model

TASKS = 40
CALL_SECONDS = 0.2
LEAST_SLICES = 8
ROUNDS = 3


def measure() -> list[Figure]:
    crew = long_crew(TASKS, CALL_SECONDS)
    with scripted_model() as model:
        with stack_of(model, 0) as user:
            run(user, model, long_crew(1, 0))
            whole = [run(user, model, crew) for _ in range(ROUNDS)]
        with stack_of(model, SLICE_SECONDS) as user:
            run(user, model, long_crew(1, 0))
            parts = [run(user, model, crew) for _ in range(ROUNDS)]
    return figures(whole, parts)


def figures(whole: list[Ran], parts: list[Ran]) -> list[Figure]:
    calls = {one.model_calls for one in whole + parts}
    same = all(
        (one.outputs, one.record["usage"]) == (whole[0].outputs, whole[0].record["usage"]) for one in whole + parts
    )
    fewest = min(one.attempts for one in parts)
    alone = median([one.seconds for one in whole])
    more = [(one.seconds - alone) / (one.attempts - 1) for one in parts]
    how = (
        f"{TASKS} tasks of {CALL_SECONDS} s a model call, ten of them with two tool calls; {ROUNDS} runs in slices of "
        f"{SLICE_SECONDS} s and {ROUNDS} in one piece ({alone:.1f} s)"
    )
    return [
        Figure("Slices of a long crew", f"at least {fewest}", f"≥ {LEAST_SLICES}", fewest >= LEAST_SLICES, how),
        Figure(
            "Model calls of the crew, in slices and in one piece",
            " and ".join(map(str, sorted(calls))),
            "equal",
            len(calls) == 1,
            "the same; counted at the model",
        ),
        Figure(
            "Outputs, tokens and cost, in slices and in one piece",
            "equal" if same else "different",
            "equal",
            same,
            "the same",
        ),
        Figure(
            "More time for each slice", spread(more, "s"), None, True, "the same; (in slices - in one piece) / seams"
        ),
    ]
