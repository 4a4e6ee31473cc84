"""A crew written as a class under `@CrewBase`: methods under `@agent`, `@task` and `@crew`, texts in two YAML files."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, cast

from stepcrew_reader.crewai_project.assignments import Function
from stepcrew_reader.crewai_project.following import (
    Found,
    OnlyRunningTells,
    Scope,
    class_called,
    class_named,
    follow,
    follow_calls,
    name_of,
    returned,
)
from stepcrew_reader.crewai_project.modules import Module
from stepcrew_reader.crewai_project.parts import CrewParts, Part, keys_of, rename
from stepcrew_reader.crewai_project.reading import elements, entries, keywords, literal, refused
from stepcrew_reader.crewai_project.values import OUTPUT_CLASSES, Naming, Settings
from stepcrew_reader.documents import Document, read_document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

AROUND = frozenset({"before_kickoff", "after_kickoff", "callback", "cache_handler"})
TASKS = frozenset({"Task", "ConditionalTask"})
NO_CREW_BASES = frozenset({"object", "ABC", "Protocol", "Generic"})
"""Bases that bring no agents and tasks."""
CONFIGS = {"agents": "config/agents.yaml", "tasks": "config/tasks.yaml"}


class ClassCrewReader:
    """Reads one class. CrewAI finds its YAML files relative to the class's own file."""

    def __init__(self, module: Module, owner: ast.ClassDef) -> None:
        self._module = module
        self._owner = owner
        self._scope = Scope(module, owner)
        self._kinds: dict[str, list[Function]] = {}
        self._files: dict[str, Module] = {}
        """Method → the file it is in: those of a base class may be in another one."""
        self._without_method: dict[str, Part] = {}
        """Agents that stand in the place where they are used."""
        self._settings = Settings(self._naming("agent"), self._naming("task"))
        for function, there in self._methods_of(module, owner):
            self._files[function.name] = there
            for decorator in function.decorator_list:
                kind = name_of(decorator.func if isinstance(decorator, ast.Call) else decorator)
                self._kinds.setdefault(there.original(kind), []).append(function)

    def read(self) -> CrewParts:
        """Raises CrewFileError for what is missing, twice there, or computed and decides what runs."""
        left_out = self._settings.left_out
        agent_parts = [self._part(function, frozenset({"Agent"})) for function in self._kinds.get("agent", [])]
        task_parts = [self._part(function, TASKS) for function in self._kinds.get("task", [])]
        if not task_parts:
            raise CrewFileError(f"{self._place(self._owner)}: the class {self._owner.name} has no @task method.")
        crew, order, listed = self._crew()
        agent_parts += self._without_method.values()
        agents = self._entries("agents", agent_parts)
        tasks = self._entries("tasks", task_parts)
        keys = {"agent": keys_of(agent_parts), "task": keys_of(task_parts)}
        for name, agent in agents.items():
            self._named_methods(agent, f"agent {name}")
        for name, task in tasks.items():
            self._named_methods(task, f"task {name}")
            rename(task, "agent", keys["agent"])
            rename(task, "context", keys["task"])
        rename(crew, "manager_agent", keys["agent"])
        if order is not None:
            tasks = {keys["task"][method]: tasks[keys["task"][method]] for method in order}
        if listed is not None:
            used = {*(keys["agent"].get(one, one) for one in listed), crew.get("manager_agent")}
            used |= {task.get("agent") for task in tasks.values()}
            agents = {name: agent for name, agent in agents.items() if name in used}
        around = [f"{function.name} (@{kind})" for kind in sorted(AROUND) for function in self._kinds.get(kind, [])]
        return CrewParts(agents, tasks, crew, [*left_out, *around])

    def _place(self, node: ast.AST) -> str:
        return self._module.place(node)

    def _part(self, function: Function, kinds: frozenset[str]) -> Part:
        return self._part_of(function.name, self._made(function, kinds))

    def _part_of(self, method: str, made: Found) -> Part:
        given, _ = keywords(made)
        key, from_yaml, inline = method, False, dict[str, Any]()
        if "config" in given:
            config = follow(given["config"])
            found = _yaml_key(config)
            if found is None:
                try:
                    inline = {name: literal(value) for name, value in entries(config).items()}
                except OnlyRunningTells as error:
                    raise refused(config, f"config of {method}") from error
            else:
                key, from_yaml = found, True
        # CrewAI names a task after its method only where its `name` is not given; the entry's key names it here.
        settings = self._settings.read(made, method, frozenset({"config", "name"}))
        return Part(method, key, from_yaml, {**inline, **settings})

    def _made(self, function: Function, kinds: frozenset[str]) -> Found:
        """The call of `Agent` or `Task` that a method returns, also through helpers of the project."""
        start = Found(ast.Name(function.name, ast.Load()), self._scope)
        try:
            start = returned(function, self._inside(function))
            made = follow_calls(start)
        except (OnlyRunningTells, RecursionError) as error:
            raise CrewFileError(
                f"{self._files[function.name].place(function)}: what {function.name} returns is computed, "
                "and code of a project is not run.",
                remedy=f"Let it return {' or '.join(sorted(kinds))}(…) in one place.",
            ) from error
        if class_called(made) not in kinds:
            raise refused(start, f"what {function.name} returns", f"Let it return {' or '.join(sorted(kinds))}(…).")
        return made

    def _entries(self, which: str, parts: list[Part]) -> dict[str, Document]:
        """The entries that the methods use, in their order, with the settings of the code laid over them."""
        document: Document = {}
        path = self._config_path(which)
        if any(part.from_yaml for part in parts):
            document = read_document(path)
        found: dict[str, Document] = {}
        for part in parts:
            entry: object = document.get(part.key) if part.from_yaml else {}
            if part.from_yaml and part.key not in document:
                raise CrewFileError(
                    f"{path} has no entry {part.key}, which {part.method} in {self._module.path.name} uses.",
                    remedy=f"It has: {', '.join(document)}.",
                )
            if not isinstance(entry, dict):
                raise CrewFileError(f"{path}: {part.key} must be an object (a mapping).")
            if part.key in found:
                raise CrewFileError(
                    f"{self._module.path}: two methods use the entry {part.key} of {path.name}.",
                    remedy="Give each of them an entry of its own.",
                )
            found[part.key] = {**cast(Document, entry), **part.settings}
        return found

    def _config_path(self, which: str) -> AnyPath:
        value = follow(Found(ast.Attribute(ast.Name("self", ast.Load()), f"{which}_config", ast.Load()), self._scope))
        if isinstance(value.node, ast.Attribute):
            return self._existing(CONFIGS[which])
        try:
            return self._existing(str(literal(value)))
        except OnlyRunningTells as error:
            raise refused(value, f"{which}_config") from error

    def _existing(self, relative: str) -> AnyPath:
        """CrewAI looks beside the class's file; a `config` folder of the project itself is taken as well."""
        here = self._module.path.parent
        for folder in (here, *here.parents):
            if (folder / relative).is_file():
                return folder / relative
            if folder == self._module.project.folder:
                break
        return here / relative

    def _named_methods(self, entry: Document, where: str) -> None:
        """Replaces names of the class's own @llm, @tool and output classes, which YAML may use, by what they make."""
        for field_name in ("llm", "function_calling_llm"):
            method = self._decorated("llm", entry.get(field_name))
            if method:
                entry[field_name] = self._settings.model(returned(method, self._inside(method)), where)
        tools = entry.get("tools")
        if isinstance(tools, list):
            entry["tools"] = [self._tool(tool, where) for tool in cast("list[object]", tools)]
        for field_name in OUTPUT_CLASSES & entry.keys():
            found = self._class(entry[field_name])
            if found:
                entry[field_name] = self._settings.schema(*found, where)
        for field_name in ("callback", "callbacks", "step_callback"):
            if entry.pop(field_name, None):
                self._settings.left_out.append(f"{where}: {field_name}")

    def _class(self, name: object) -> tuple[ast.ClassDef, Module] | None:
        """The output class that a YAML entry names, at the top of the file or inside the crew's class."""
        if not isinstance(name, str):
            return None
        nested = (one for one in self._owner.body if isinstance(one, ast.ClassDef) and one.name == name)
        return class_named(self._module, name) or next(((one, self._module) for one in nested), None)

    def _tool(self, name: object, where: str) -> object:
        method = self._decorated("tool", name)
        return self._settings.tool(returned(method, self._inside(method)), where) if method else name

    def _decorated(self, kind: str, name: object) -> Function | None:
        return next((one for one in self._kinds.get(kind, []) if one.name == name), None)

    def _crew(self) -> tuple[dict[str, Any], list[str] | None, list[str] | None]:
        """The crew's settings, the methods of its tasks in order, and those of its agents, where it lists them."""
        functions = self._kinds.get("crew", [])
        if not functions:
            return {"process": "sequential"}, None, None
        made = self._made(functions[0], frozenset({"Crew"}))
        given, _ = keywords(made)
        settings = self._settings.read(made, "crew", frozenset({"agents", "tasks", "config"}))
        return settings, self._order("task", given.get("tasks")), self._order("agent", given.get("agents"))

    def _order(self, kind: str, listed: Found | None) -> list[str] | None:
        """The methods that a list names; None for `self.tasks` and `self.agents`, which are all of them."""
        if listed is None or ast.unparse(listed.node) == f"self.{kind}s":
            return None
        name = self._naming(kind)
        try:
            return [name(one) for one in elements(listed)]
        except OnlyRunningTells as error:
            remedy = f"Write self.{kind}s, or list the methods."
            raise refused(listed, f"the crew's {kind}s", remedy) from error

    def _naming(self, kind: str) -> Naming:
        """Names the method behind `self.researcher()`, also through a local name."""

        def name(found: Found) -> str:
            written = name_of(found.node)
            found = follow(found)
            match found.node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=method)):
                    if any(function.name == method for function in self._kinds.get(kind, [])):
                        return method
                    made = follow_calls(found)
                    if kind != "agent" or class_called(made) != "Agent":
                        raise refused(found, f"the {kind} {method}", f"{method} must be a method under @{kind}.")
                    return self._agent_without_method(method, made)
                case ast.Constant(value=str() as text):
                    return text
                case ast.Call() if kind == "agent" and class_called(found) == "Agent":
                    return self._agent_without_method(written or "manager", found)
                case _:
                    raise OnlyRunningTells

        return name

    def _agent_without_method(self, name: str, made: Found) -> str:
        """Reads an agent that no @agent method gives, as CrewAI wants it of a manager."""
        taken = {function.name for function in self._kinds.get("agent", [])}
        name = f"{name}_agent" if name in taken else name
        self._without_method[name] = self._part_of(name, made)
        return name

    def _inside(self, function: Function) -> Scope:
        return Scope(self._files[function.name], self._owner).inside(function)

    def _methods_of(self, module: Module, owner: ast.ClassDef) -> Iterator[tuple[Function, Module]]:
        """The methods of a class and of its bases in the project, each with its file: a method of the class replaces
        one of a base. What another package's base may have is not known, and told."""
        found: dict[str, tuple[Function, Module]] = {}
        for base in owner.bases:
            there = class_named(module, name_of(base))
            if there:
                found |= {each[0].name: each for each in self._methods_of(there[1], there[0])}
            elif name_of(base) not in NO_CREW_BASES:
                self._settings.left_out.append(f"the base class {ast.unparse(base)}, which is not in the project")
        for node in owner.body:
            if isinstance(node, Function):
                found[node.name] = (node, module)
        yield from found.values()


def _yaml_key(config: Found) -> str | None:
    """The key in `self.agents_config["researcher"]` and `….get("researcher")`; None for another expression."""
    match config.node:
        case ast.Subscript(value=ast.Attribute(attr=holder), slice=index):
            pass
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=holder), attr="get"), args=[index, *_]):
            pass
        case _:
            return None
    if holder not in {"agents_config", "tasks_config"}:
        return None
    try:
        return str(literal(config.within(index)))
    except OnlyRunningTells as error:
        raise refused(config, "the entry of the YAML file") from error
