"""YAML text inside a request, read safely: no aliases, no duplicate keys, bounded size; every value knows its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from yaml.nodes import Node

from stepcrew.domain.errors import Fault

MAX_CHARACTERS = 2_000_000


class YamlText(NamedTuple):
    """The parsed value, and the line (1-based) of each place by its path of keys."""

    value: Any
    lines: dict[tuple[str, ...], int]
    faults: list[Fault]


def read_yaml(text: str, pointer: str) -> YamlText:
    """Faults carry `pointer`, the place of the text in the request, and the line inside it."""

    def failed(detail: str, line: int | None = None) -> YamlText:
        fault = Fault(pointer=pointer, code="yaml", detail=detail, remedy="Correct the YAML text.", line=line)
        return YamlText(None, {}, [fault])

    if len(text) > MAX_CHARACTERS:
        return failed(f"The YAML text is longer than {MAX_CHARACTERS} characters.")
    import yaml  # few requests bring YAML text; every cold start would pay for the import

    try:
        # An alias can repeat a large part many times over; crews have no use for it.
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken):
                return failed("Aliases are not supported.", token.start_mark.line + 1)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is None:
            return failed("The YAML text is empty.")
        lines: dict[tuple[str, ...], int] = {}
        faults: list[Fault] = []
        _walk(node, (), lines, faults, pointer)
        value = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return failed(f"The YAML text cannot be read: {error.problem}.", mark.line + 1 if mark else None)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return failed(f"The YAML text cannot be read: {error}.")
    return YamlText(value, lines, faults)


def _walk(
    node: Node, path: tuple[str, ...], lines: dict[tuple[str, ...], int], faults: list[Fault], pointer: str
) -> None:
    from yaml.nodes import MappingNode, ScalarNode, SequenceNode

    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = key.value if isinstance(key, ScalarNode) else str(key)
            if name in seen:
                detail = f"The key {name!r} stands twice in one mapping."
                faults.append(Fault(pointer=pointer, code="duplicate_key", detail=detail, line=line))
            seen.add(name)
            lines[(*path, name)] = line
            _walk(value, (*path, name), lines, faults, pointer)
    elif isinstance(node, SequenceNode):
        for index, entry in enumerate(node.value):
            _walk(entry, (*path, str(index)), lines, faults, pointer)
