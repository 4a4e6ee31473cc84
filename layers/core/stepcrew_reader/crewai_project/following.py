"""Following a name or a call through the text of a project to the expression it stands for; nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from stepcrew_reader.crewai_project.assignments import Function, assigned_once, statements, touched
from stepcrew_reader.crewai_project.modules import Module

MAX_STEPS = 50
"""Names and helper functions that are followed for one value."""


class OnlyRunningTells(Exception):
    """The value is computed: reading the text does not give it."""


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: a file, the class around it, and its local names: those with one value, and those
    that have none the text tells (`unknown`)."""

    module: Module
    owner: ast.ClassDef | None = None
    local: Mapping[str, Found] = field(default_factory=dict[str, "Found"])
    unknown: frozenset[str] = frozenset()

    def inside(self, function: Function, arguments: Mapping[str, Found] | None = None) -> Scope:
        """The scope of a function's body: the parameters that it leaves as they are, and the names it assigns exactly
        once."""
        changed = touched(function.body)
        given = {name: value for name, value in (arguments or {}).items() if name not in changed}
        each = function.args
        parameters = {one.arg for one in (*each.posonlyargs, *each.args, *each.kwonlyargs)}
        nodes = list(ast.walk(function))
        self.module.project.spend(len(nodes))
        names = (node for node in nodes if isinstance(node, ast.Name))
        every = parameters | {name.id for name in names if isinstance(name.ctx, ast.Store)}
        inner = Scope(self.module, self.owner, given, frozenset(every))
        for name, value in assigned_once(function.body).items():
            if name not in parameters:
                given[name] = Found(value, inner)
        return inner


@dataclass(frozen=True)
class Found:
    """An expression and where it stands."""

    node: ast.expr
    scope: Scope

    @property
    def text(self) -> str:
        return ast.unparse(self.node)[:80]

    @property
    def place(self) -> str:
        return self.scope.module.place(self.node)

    def within(self, node: ast.expr) -> Found:
        return Found(node, self.scope)


def name_of(node: ast.expr) -> str:
    """`Agent` for both `Agent` and `crewai.Agent`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def class_called(found: Found) -> str:
    """The name, as CrewAI calls it, of what a call expression calls; empty for anything else."""
    if not isinstance(found.node, ast.Call):
        return ""
    return found.scope.module.original(name_of(found.node.func))


def follow(found: Found) -> Found:
    """Follows names that have exactly one value, over files, until an expression that is no such name."""
    found.scope.module.project.spend(1)
    for _ in range(MAX_STEPS):
        further = _named(found)
        if further is None:
            return found
        found = further
    raise OnlyRunningTells


def follow_calls(found: Found) -> Found:
    """Like `follow`, and through calls of functions and methods of the project that return one single expression."""
    for _ in range(MAX_STEPS):
        found = follow(found)
        function = called_function(found)
        if function is None:
            return found
        found = returned(*function)
    raise OnlyRunningTells


def returned(function: Function, scope: Scope) -> Found:
    """What a function returns, in the scope of its body. Raises OnlyRunningTells unless it is one expression."""
    values = [node.value for node in statements(function.body) if isinstance(node, ast.Return)]
    if len(values) != 1 or values[0] is None:
        raise OnlyRunningTells
    return Found(values[0], scope)


def called_function(found: Found) -> tuple[Function, Scope] | None:
    """The function of the project that a call expression calls, and the scope of its body with the arguments."""
    call, scope = found.node, found.scope
    if not isinstance(call, ast.Call):
        return None
    match call.func:
        case ast.Name(id=name):
            target = _function(scope.module, name)
            return target and (target[0], target[1].inside(target[0], _arguments(target[0], found, method=False)))
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if scope.owner:
            owner = Scope(scope.module, scope.owner)
        case ast.Attribute(value=of, attr=name):
            owner = _instance(follow(found.within(of)))
        case _:
            return None
    method = owner and _method(owner, name)
    if not method:
        return None
    function, where = method
    return function, where.inside(function, _arguments(function, found, method=True))


def _named(found: Found) -> Found | None:
    node, scope = found.node, found.scope
    match node:
        case ast.Name(id=name):
            if name in scope.local:
                return scope.local[name]
            return None if name in scope.unknown else _of_module(scope.module, name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if scope.owner:
            return _of_class(Scope(scope.module, scope.owner), name)
        case ast.Attribute(value=ast.Name(id=holder), attr=name):
            there = scope.module.imported(holder)
            if there and not there[1]:
                return _of_module(there[0], name)
            if there and there[0].path.stem == there[1]:  # from package import settings; settings.MODEL
                return _of_module(there[0], name)
            return None
        case _:
            return None


def _of_module(module: Module, name: str) -> Found | None:
    if name in module.assigned:
        return Found(module.assigned[name], Scope(module))
    there = module.imported(name)
    return _of_module(*there) if there and there[1] and there[0] is not module else None


def _of_class(scope: Scope, name: str) -> Found | None:
    assert scope.owner
    body = assigned_once(scope.owner.body)
    if name in body:
        return Found(body[name], scope)
    for function in scope.owner.body:
        if isinstance(function, Function) and function.name == "__init__":
            inner = scope.inside(function)
            value = assigned_once(function.body).get(f"self.{name}")
            return value and Found(value, inner)
    return None


def _function(module: Module, name: str) -> tuple[Function, Scope] | None:
    if name in module.functions:
        return module.functions[name], Scope(module)
    there = module.imported(name)
    return _function(*there) if there and there[1] and there[0] is not module else None


def class_named(module: Module, name: str) -> tuple[ast.ClassDef, Module] | None:
    """The class of the project with that name in a file, also when it is imported there."""
    if name in module.classes:
        return module.classes[name], module
    there = module.imported(name)
    return class_named(there[0], there[1]) if there and there[1] and there[0] is not module else None


def _instance(found: Found) -> Scope | None:
    """The scope of the class that `MyAgents()` makes an object of."""
    if not isinstance(found.node, ast.Call) or not isinstance(found.node.func, ast.Name):
        return None
    there = class_named(found.scope.module, found.node.func.id)
    return there and Scope(there[1], there[0])


def _method(owner: Scope, name: str) -> tuple[Function, Scope] | None:
    for node in owner.owner.body if owner.owner else []:
        if isinstance(node, Function) and node.name == name:
            return node, owner
    return None


def _arguments(function: Function, found: Found, *, method: bool) -> dict[str, Found]:
    """Parameter → what the call gives for it, or its default."""
    call = found.node
    assert isinstance(call, ast.Call)
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    static = any(name_of(decorator) == "staticmethod" for decorator in function.decorator_list)
    if method and not static:
        names = names[1:]
    defaults = function.args.defaults
    given = {
        name: found.within(value) for name, value in zip(names[len(names) - len(defaults) :], defaults, strict=False)
    }
    given |= {
        each.arg: found.within(value)
        for each, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
        if value is not None
    }
    given |= {name: found.within(value) for name, value in zip(names, call.args, strict=False)}
    return given | {keyword.arg: found.within(keyword.value) for keyword in call.keywords if keyword.arg}
