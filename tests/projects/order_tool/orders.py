"""A tool that reads a secret of the group and finds its own files."""

# /// script
# dependencies = ["crewai", "roman==5.1"]
# ///

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import roman
from crewai.tools import BaseTool
from pydantic import BaseModel, Field

calls = 0


class Line(BaseModel):
    item: str
    count: int = 1


class Order(BaseModel):
    order: str = Field(description="Its number.")
    lines: list[Line] = []
    note: str | None = None


class LookUpOrder(BaseTool):
    name: str = "Look up an order"
    description: str = "Tells the state of an order."
    args_schema: type[BaseModel] = Order

    def _run(self, order: str, lines: list[dict[str, Any]] | None = None, note: str | None = None) -> dict[str, Any]:
        global calls
        calls += 1
        if order == "none":
            raise LookupError("There is no such order.")
        Path("seen.txt").open("a").write(order)
        return {
            "order": order,
            "pieces": roman.toRoman(sum(line["count"] for line in lines or []) or 1),
            "key": os.environ.get("SHOP_KEY", "none")[-3:],
            "calls": calls,
            "seen": Path("seen.txt").read_text(),
        }
