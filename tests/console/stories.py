"""The executions that tests and pictures look at."""

from __future__ import annotations

from datetime import timedelta

from tests.console.story import LOOKED_AT, Story, agent, task

ANSWER = """# Tides

The **moon** pulls the sea. See the [overview](https://example.org).

| Sea    | Range |
|--------|-------|
| Fundy  | 16 m  |
| Baltic | 0.2 m |

```python
def range_of(sea: str) -> float:
    return RANGES[sea]
```
"""
AGENTS = {"researcher": agent("Researcher", ["CalculatorTool"]), "writer": agent("Writer"), "editor": agent("Editor")}
THREE = [task("research", "researcher"), task("write", "writer"), task("edit", "editor", context=["write"])]
FAILURE = {
    "category": "model",
    "type": "ModelUnavailable",
    "message": "The model openai/gpt-5.2 answered with status 500.",
    "remedy": "Submit it again.",
    "retryable": True,
    "task": "edit",
}

CANCEL = {
    "category": "cancelled",
    "type": "Cancelled",
    "message": "The execution was cancelled on request.",
    "remedy": "Its finished tasks' outputs stay readable.",
    "retryable": False,
    "task": None,
}


def report(number: int = 1, name: str = "tide-report", answer: str = ANSWER) -> Story:
    """Three tasks; the first uses a tool, and all went well."""
    story = Story(number, name, agents=AGENTS, tasks=THREE)
    story.start()
    research = story.task("research", "Researcher")
    research.use("calculator", {"expression": "16 / 0.2"}, "80")
    research.call("The range of Fundy is **eighty times** that of the Baltic.", 2.1)
    research.done("The range of Fundy is **eighty times** that of the Baltic.")
    write = story.task("write", "Writer", context="The range of Fundy is **eighty times** that of the Baltic.")
    write.call(answer, 4.2, tokens=2400, cost=0.02)
    write.done(answer)
    edit = story.task("edit", "Editor", context=answer)
    edit.call("Edited: the moon pulls the sea.", 1.4)
    edit.done("Edited: the moon pulls the sea.")
    return story.finish()


def failed(number: int = 2) -> Story:
    """The tool failed once and was used again; the last task's model call failed, and so did the crew."""
    story = Story(number, "tide-report", agents=AGENTS, tasks=THREE)
    story.start()
    research = story.task("research", "Researcher")
    research.use("search", {"query": "tides"}, "no such host", failed=True)
    research.use("calculator", {"expression": "16 / 0.2"}, "80")
    research.call("Eighty times.", 1.5)
    research.done("Eighty times.")
    write = story.task("write", "Writer", context="Eighty times.")
    write.call("The moon pulls the sea.", 3)
    write.done("The moon pulls the sea.")
    edit = story.task("edit", "Editor", context="The moon pulls the sea.")
    edit.fail_call("Error code: 500 - {'error': {'message': 'The server had an error', 'type': 'server_error'}}", 1.2)
    edit.failed("The model openai/gpt-5.2 answered with status 500.")
    return story.finish("FAILED", FAILURE)


def cancelled(number: int = 14) -> Story:
    """A person cancelled it during its first task, and the receipt tells what that call cost."""
    story = Story(number, "tide-report", agents=AGENTS, tasks=THREE)
    story.start()
    story.task("research", "Researcher").call("Eighty times.", 1.5)
    requested = story.now()
    story.finish("CANCELLED", CANCEL)
    seen = {"requested_at": requested, "observed_at": story.now(), "model_calls": 1, "abandoned_calls": 1}
    receipt = {**seen, "total_tokens": 900, "cost_usd": 0.004}
    story.record |= {"cancel_requested_at": requested, "cancel_receipt": receipt}
    return story


def large(number: int = 3, size: int = 100_000) -> Story:
    """Model calls with prompts of `size` characters, the second one a continuation of the first."""
    story = Story(number, "library", agents=AGENTS, tasks=THREE[:1])
    story.start()
    research = story.task("research", "Researcher")
    book = "# The book of tides\n\n" + "The sea comes and goes. " * (size // 24) + "\n\nThe last word is *neap*."
    research.messages[1]["content"] = book
    research.use("search", {"query": "neap"}, {"found": ["neap tide"], "text": 'He said "ebb and flood".'})
    research.call("A neap tide is a small one.", 3)
    research.done("A neap tide is a small one.")
    return story.finish()


def long(number: int = 4, calls: int = 40) -> Story:
    """A run of 1 h 46 m whose calls take seconds."""
    story = Story(number, "watch-the-sea", agents=AGENTS, tasks=THREE)
    story.start(queued=42, prepared=18)
    for name, role in (("research", "Researcher"), ("write", "Writer"), ("edit", "Editor")):
        part = story.task(name, role)
        for step in range(calls):
            part.call(f"Step {step} of {name}.", 4 + step % 5)
            story.wait(6240 / (3 * calls) - 6)
        part.done(f"The {name} is finished.")
    return story.finish(after=8)


def many(number: int = 5, events: int = 5_000) -> Story:
    """So many events in one task."""
    story = Story(number, "many", agents=AGENTS, tasks=THREE[:1])
    story.start()
    research = story.task("research", "Researcher")
    research.messages = research.messages[:1]
    while len(story.events) < events - 4:
        research.call("One of many.", 0.02)
        research.messages = research.messages[:1]
    research.done("Many.")
    return story.finish()


def parallel(number: int = 6) -> Story:
    """Running: three tasks side by side, a fourth to come."""
    tasks = [task(name, "writer", async_execution=True) for name in ("north", "south", "east")]
    began = LOOKED_AT - timedelta(seconds=9)
    story = Story(number, "coasts", agents=AGENTS, tasks=[*tasks, task("join", "editor")], began=began)
    story.start()
    for name in ("north", "south", "east"):
        story.task(name, "Writer").begin_call()
        story.wait(0.1)
    return story


def asking(number: int = 7) -> Story:
    """A first draft was sent back; the second one is to be judged."""
    tasks = [task("draft", "writer", human_input=True, expected_output="Two sentences about the moon.")]
    began = LOOKED_AT - timedelta(minutes=4)
    story = Story(number, "press-release", agents=AGENTS, tasks=tasks, began=began)
    story.start()
    part = story.task("draft", "Writer")
    first = "The moon pulls the sea.\n\n" + "\n\n".join(f"Paragraph {n} about the tide." for n in range(40))
    part.call(first, 2)
    asked = part.ask(first)
    story.ask("draft", "Writer", first)
    story.wait(60)
    story.decide("revise", "Shorter, please.")
    part.received(asked, "revise", "Shorter, please.")
    second = "The moon and the sun pull the sea.\n\n" + "\n\n".join(
        f"Paragraph {n} about the tide." for n in range(0, 40, 2)
    )
    part.call(second, 2)
    part.ask(second)
    story.ask("draft", "Writer", second)
    return story


def revised(number: int = 12) -> Story:
    """A draft was sent back and the second one approved, each told by an event."""
    tasks = [task("draft", "writer", human_input=True)]
    story = Story(number, "press-release", agents=AGENTS, tasks=tasks)
    story.start()
    part = story.task("draft", "Writer")
    for decision, answer in (("revise", "A long draft."), ("approve", "A draft.")):
        part.call(answer, 2)
        asked = part.ask(answer)
        story.wait(60)
        part.received(asked, decision)
    part.done("A draft.")
    return story.finish()


def guarded(number: int = 13) -> Story:
    """A guardrail refused the first draft; a person sent the second one back and approved the third."""
    tasks = [task("draft", "writer", human_input=True)]
    story = Story(number, "press-release", agents=AGENTS, tasks=tasks)
    story.start()
    part = story.task("draft", "Writer")
    part.call("A long draft.", 2)
    part.judge("It is longer than two sentences.", passed=False)
    part.call("A draft.", 2)
    part.judge("Two sentences.", passed=True)
    for decision, comment in (("revise", "Shorter, please."), ("approve", None)):
        asked = part.ask("A draft.")
        story.ask("draft", "Writer", "A draft.")
        story.wait(60)
        story.decide(decision, comment)
        part.received(asked, decision, comment)
    part.done("A draft.")
    return story.finish()


ARABIC = "يسحب القمر البحر مرتين في اليوم. المد والجزر."


def arabic(number: int = 8) -> Story:
    agents = {"writer": agent("كاتب")}
    story = Story(number, "تقرير المد والجزر", agents=agents, tasks=[task("كتابة", "writer", "اكتب عن المد.")])
    story.start()
    part = story.task("كتابة", "كاتب")
    part.call(ARABIC, 2)
    part.done(ARABIC)
    return story.finish()


def arabic_asking(number: int = 11) -> Story:
    tasks = [task("كتابة", "writer", "اكتب عن المد.", human_input=True, expected_output="جملتان.")]
    began = LOOKED_AT - timedelta(minutes=2)
    story = Story(number, "تقرير", agents={"writer": agent("كاتب")}, tasks=tasks, began=began)
    story.start()
    part = story.task("كتابة", "كاتب")
    part.call(ARABIC, 2)
    story.ask("كتابة", "كاتب", ARABIC)
    story.decide("revise", "أقصر من فضلك.")
    part.call("يسحب القمر البحر.", 2)
    story.ask("كتابة", "كاتب", "يسحب القمر البحر.")
    return story


LONG_NAME = "quarterly-consolidated-report-on-coastal-tide-observations-and-their-consequences-for-harbours"
LONG_ROLE = "Senior principal researcher for the history, physics and consequences of tides in all northern harbours"


def long_names(number: int = 9) -> Story:
    agents = {"writer": agent(LONG_ROLE)}
    tasks = [task(f"{LONG_NAME}-{part}", "writer") for part in ("first", "second")]
    story = Story(number, LONG_NAME, agents=agents, tasks=tasks)
    story.start()
    for each in tasks:
        part = story.task(each["name"], LONG_ROLE)
        part.call("A long sentence about long names that has no end in sight and is cut somewhere. " * 8, 2)
        part.done("Done.")
    return story.finish()


def everything() -> list[Story]:
    """Everything that pictures show."""
    ordinary = [report(), failed(), large(), long(), many(), parallel(), asking(), report(10)]
    return [*ordinary, arabic(), arabic_asking(), long_names()]
