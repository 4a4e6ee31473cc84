"""Questions to a CloudFormation template that several tests ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, Template]:
    """The properties of the resources of a type, by logical id."""
    return {name: r["Properties"] for name, r in template["Resources"].items() if r["Type"] == kind}


def metrics_of(alarm: Template) -> list[Template]:
    """What an alarm watches: one metric, or several that its expression names."""
    stats = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one]
    return stats or [alarm]


def inside(value: Any) -> list[tuple[str, Any]]:
    """What a mapping or a list holds, by key; a list's items have no key."""
    if isinstance(value, dict):
        return list(cast("dict[str, Any]", value).items())
    return [("", item) for item in cast("list[Any]", value)] if isinstance(value, list) else []


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, keys left out."""
    if isinstance(value, str):
        yield value
    for _, item in inside(value):
        yield from texts(item)


def references(value: Any) -> set[str]:
    """Logical ids and parameters that a value refers to, by Ref, GetAtt or inside a Sub."""
    found: set[str] = set()
    for key, item in inside(value):
        if key == "Ref":
            found.add(item)
        elif key == "Fn::GetAtt":
            found.add(item[0])
        elif key == "Fn::Sub":
            own: Template = {} if isinstance(item, str) else item[1]
            text: str = item if isinstance(item, str) else item[0]
            found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text)} - own.keys()
            found |= references(own)
        else:
            found |= references(item)
    return found
