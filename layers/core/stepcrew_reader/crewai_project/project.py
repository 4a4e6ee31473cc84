"""From a folder or a Python file to one crew definition."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import NamedTuple

from stepcrew_reader.crew_source import DEPLOY, CrewSource
from stepcrew_reader.crewai_project.crew_class import ClassCrewReader
from stepcrew_reader.crewai_project.environment import model_set_outside
from stepcrew_reader.crewai_project.following import Found, name_of
from stepcrew_reader.crewai_project.inputs import RunInputs, read_inputs
from stepcrew_reader.crewai_project.modules import Module, Project, python_files
from stepcrew_reader.crewai_project.parts import CrewParts
from stepcrew_reader.crewai_project.script import ScriptReader, crew_calls
from stepcrew_reader.documents import Document, read_document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

FLOW_BASES = frozenset({"Flow"})


class Written(NamedTuple):
    """A crew that some file of the project holds: as a class, or as a call of `Crew`, named by its line."""

    name: str
    module: Module
    owner: ast.ClassDef | None
    call: Found | None

    @property
    def place(self) -> str:
        return self.module.place(self.owner or (self.call.node if self.call else self.module.tree))

    def read(self) -> CrewParts:
        if self.owner:
            return ClassCrewReader(self.module, self.owner).read()
        assert self.call
        return ScriptReader(self.call).read()


def load_folder(folder: AnyPath) -> CrewSource | None:
    """The one crew of a project folder; None when it holds no crew in Python and no pair of YAML files.

    Raises CrewFileError when it holds several, or when a flow decides how its crews run."""
    project = Project(_import_root(folder))
    modules = [project.module(path) for path in python_files(folder) if _may_hold_a_crew(path)]
    crews = [crew for module in modules for crew in _classes(module)] or [
        crew for module in modules for crew in _calls(module)
    ]
    if not crews:
        config_folder = _bare_config(folder)
        return _bare(folder, config_folder, project) if config_folder else None
    for module in modules:
        for found in module.classes.values():
            if {name_of(base.value if isinstance(base, ast.Subscript) else base) for base in found.bases} & FLOW_BASES:
                raise CrewFileError(
                    f"{module.place(found)}: {found.name} is a flow: its Python decides what runs.",
                    remedy=f"{DEPLOY} A crew of it can also be run by itself: name {_named(crews[0], folder)}.",
                )
    return _source(_only(crews, folder), project, folder)


def load_file(path: AnyPath, name: str | None) -> CrewSource:
    """The crew in one Python file, or the one of that name when it holds several."""
    folder = path.parent
    project = Project(_import_root(folder))
    module = project.module(path)
    crews = _classes(module) or _calls(module)
    if name:
        crews = [crew for crew in crews if crew.name == name]
    if not crews:
        raise CrewFileError(
            f"{path} holds no crew{f' {name}' if name else ''}.",
            remedy="Looked for a class under @CrewBase and for a call of Crew(…).",
        )
    return _source(_only(crews, folder), project, folder)


def _only(crews: list[Written], folder: AnyPath) -> Written:
    if len(crews) > 1:
        raise CrewFileError(
            f"There are several crews: {', '.join(f'{crew.name} ({crew.place})' for crew in crews)}.",
            remedy=f"Name one of them, as in {_named(crews[0], folder)}. {DEPLOY}",
        )
    return crews[0]


def _named(crew: Written, folder: AnyPath) -> str:
    path = crew.module.path
    shown = folder / path.relative_to(folder.resolve()) if path.is_relative_to(folder.resolve()) else path
    return f"{shown}:{crew.name}"


def _source(crew: Written, project: Project, folder: AnyPath) -> CrewSource:
    parts = crew.read()
    inputs = read_inputs(project, crew.module.path)
    where = crew.module.path.name
    left_out = [*parts.left_out, *inputs.repeats]
    notes = [f"{where}: left out, because code of a project is not run: {each}" for each in left_out]
    if left_out:
        notes.append(DEPLOY)
    return replace(_assembled(project, folder, parts, inputs, notes), needs_code=bool(left_out))


def _bare(folder: AnyPath, config_folder: AnyPath, project: Project) -> CrewSource:
    """Two YAML files without a crew in Python: the tasks run one after another, in the order of the file."""
    agents, tasks = (_objects(config_folder / f"{which}.yaml") for which in ("agents", "tasks"))
    parts = CrewParts(agents, tasks, {"process": "sequential"})
    return _assembled(project, folder, parts, read_inputs(project, config_folder.parent / "crew.py"), [])


def _objects(path: AnyPath) -> dict[str, Document]:
    document = read_document(path)
    for name, entry in document.items():
        if not isinstance(entry, dict):
            raise CrewFileError(f"{path}: {name} must be an object (a mapping).")
    return document


def _assembled(project: Project, folder: AnyPath, parts: CrewParts, inputs: RunInputs, notes: list[str]) -> CrewSource:
    if inputs.left_out:
        notes += [f"Left out of the inputs, because code of a project is not run: {each}" for each in inputs.left_out]
        notes.append(DEPLOY)
    if model_set := model_set_outside(project, folder) if _asks_for_a_model(parts) else "":
        told = "agents that name none have the platform's, or that of --model."
        notes.append(f"{model_set} sets the model, and is not read: {told}")
    listed: list[Document] = [{"name": name, **task} for name, task in parts.tasks.items()]
    name = folder.resolve().name or "crew"
    config = {"name": name, **parts.crew, "agents": parts.agents, "tasks": listed}
    body: Document = {"config": config, "inputs": inputs.values}
    return CrewSource(body, str(folder), notes=list(dict.fromkeys(notes)), of_today=inputs.of_today)


def _asks_for_a_model(parts: CrewParts) -> bool:
    return any(not agent.get("llm") for agent in parts.agents.values())


def _classes(module: Module) -> list[Written]:
    found: list[Written] = []
    for owner in module.classes.values():
        kinds = {name_of(one.func if isinstance(one, ast.Call) else one) for one in owner.decorator_list}
        if "CrewBase" in {module.original(kind) for kind in kinds}:
            found.append(Written(owner.name, module, owner, None))
    return found


def _calls(module: Module) -> list[Written]:
    return [Written(str(call.node.lineno), module, None, call) for call in crew_calls(module)]


def _may_hold_a_crew(path: AnyPath) -> bool:
    """Only files that mention CrewAI are parsed: the rest of a project may be anything."""
    try:
        return b"crewai" in path.read_bytes()
    except OSError:
        return False


def _bare_config(folder: AnyPath) -> AnyPath | None:
    """The folder of the two YAML files. Raises CrewFileError when a project holds several."""
    candidates = [folder, folder / "config", folder / "src" / "config", *sorted(folder.glob("src/*/config"))]
    found = [path for path in candidates if (path / "agents.yaml").is_file() and (path / "tasks.yaml").is_file()]
    if len(found) > 1:
        listed = ", ".join(str(path) for path in found)
        raise CrewFileError(f"{folder} holds several crews: {listed}.", remedy="Name the folder of one of them.")
    return found[0] if found else None


def _import_root(folder: AnyPath) -> AnyPath:
    """The folder of the whole project: the nearest with a pyproject.toml, else the first that is no package."""
    folder = folder.resolve()
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file():
            return parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder
