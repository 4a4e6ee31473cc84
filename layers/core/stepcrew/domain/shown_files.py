"""Files that models are shown as they are: pictures and PDFs, and which models are known to see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Fault
from stepcrew.domain.files import PDF, PICTURES, file_named, media_type_of, named_file
from stepcrew.domain.models import parse_model_name
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.part import ModelSettings
from stepcrew.domain.parts import ShownFile, files_shown_by

MOST_SHOWN_BYTES = 3_750_000
"""Of one file. Bedrock takes no larger picture, and the other providers that we carry take this much."""
MOST_SHOWN = 20
"""Files of one crew: Bedrock takes no more pictures in one request."""
AS_TEXT = 'As an input, {"file": NAME} is the text of the file, for any model.'
_BEGINNINGS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"%PDF-"), PDF),
)
_SEEING = {
    "openai": re.compile(r"gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-4-vision|gpt-5|o1|o3|o4"),
    "anthropic": re.compile(r".*claude-(3|4|sonnet-4|opus-4|haiku-4)"),
    "bedrock": re.compile(
        r"anthropic\.claude-3|((us|global)\.)?openai\.gpt-6|(us\.)?amazon\.nova-(lite|pro|premier)"
        r"|(us\.)?anthropic\.claude-(sonnet|opus|haiku)-4"
    ),
}
"""How the names of models begin that are shown files, as CrewAI has it (`supports_multimodal` of its providers)."""


def kind_of(content: bytes) -> str | None:
    """What the bytes are, of the kinds that models are shown, whatever their name says."""
    return next((kind for beginning, kind in _BEGINNINGS if beginning.match(content)), None)


def sees(model: str) -> bool:
    """Whether a model is known to see. Nothing is known of models of connections."""
    parsed = parse_model_name(model)
    return parsed is not None and _SEEING[parsed.provider].match(parsed.model.lower()) is not None


def pictures_in(inputs: Mapping[str, Any]) -> Iterator[ShownFile]:
    """Inputs that are pictures: no text can stand for them, so every task shows them."""
    for key, value in inputs.items():
        name = named_file(value)
        if name is not None and media_type_of(name) in PICTURES:
            yield ShownFile(key, name)


def sight_faults(crew: ParsedCrew, default_model: str, *, of_inputs_only: bool = False) -> Iterator[Fault]:
    """What cannot be shown, and whom: told at the place that names the file."""
    shown = [*(() if of_inputs_only else files_shown_by(crew.definition)), *pictures_in(crew.inputs)]
    for number, one in enumerate(shown):
        name = file_named(one.template, crew.inputs)
        if number == MOST_SHOWN:
            detail = f"The crew shows {len(shown)} files; {MOST_SHOWN} are possible."
            yield _fault(crew, one, "too_many_files", detail, "Show fewer.")
            return
        if "{" not in name and media_type_of(name) not in (*PICTURES, PDF):
            detail = f"{name[:200]!r} is no picture (PNG, JPEG, GIF, WebP) and no PDF, and can be shown to no model."
            yield _fault(crew, one, "file_kind", detail, AS_TEXT)
        is_pdf = media_type_of(name) == PDF
        for who, model, is_trusted in _asked(crew.definition, one.task, default_model):
            if is_pdf and not _takes_pdfs(model):
                detail = f"{who} would be shown {name[:200]!r}, and its model {model} takes pictures only."
                yield _fault(crew, one, "model_cannot_see", detail, AS_TEXT)
            elif not is_trusted and not sees(model):
                detail = f"{who} would be shown {name[:200]!r}, and its model {model} is not known to see."
                remedy = "Name a model that sees, or set multimodal: true at the agent if this one does."
                yield _fault(crew, one, "model_cannot_see", detail, remedy)


def _takes_pdfs(model: str) -> bool:
    """CrewAI hands no PDF to models that are spoken to as OpenAI's are."""
    parsed = parse_model_name(model)
    return parsed is not None and parsed.provider in ("anthropic", "bedrock")


def _asked(crew: CrewDefinition, task: int | None, default: str) -> Iterator[tuple[str, str, bool]]:
    """Who would be shown a file of this task (of all tasks where there is none), with the models asked and whether the
    definition says that they see. A manager works on every task, and hands on what the whole crew is shown."""
    is_managed = crew.process == "hierarchical"
    if is_managed:
        names = set(crew.agents) if task is None else {crew.manager_agent}
    else:
        names = {one.agent for one in (crew.tasks if task is None else [crew.tasks[task]])}
    asked = [(f"Agent {name!r}", one.llm, one.multimodal) for name, one in crew.agents.items() if name in names]
    if is_managed and not crew.manager_agent:
        asked.append(("The manager", crew.manager_llm, False))
    for who, named, is_trusted in asked:
        first = named or crew.model or (ModelSettings(model=default) if default else None)
        for settings in (first, *first.in_turn) if first else ():
            yield who, settings.model, is_trusted


def _fault(crew: ParsedCrew, shown: ShownFile, code: str, detail: str, remedy: str) -> Fault:
    if shown.path:
        return crew.places.fault(shown.path, code, detail, remedy)
    return crew.places.input_fault(shown.key, code, detail, remedy)
