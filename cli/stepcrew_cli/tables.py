"""The tables that commands print."""

from __future__ import annotations

from collections.abc import Collection

from rich.table import Table


def table_of(*columns: str, wrapped: Collection[str] = (), right: Collection[str] = ()) -> Table:
    """An empty table without lines. Cells of the `wrapped` columns go on below themselves; those of the others stay on
    one line. `right` names the columns that stand on the right, as numbers do."""
    table = Table(box=None, pad_edge=False)
    for name in columns:
        is_wrapped = name in wrapped
        table.add_column(
            name,
            no_wrap=not is_wrapped,
            overflow="fold" if is_wrapped else "ellipsis",
            justify="right" if name in right else "left",
        )
    return table


def facts_table() -> Table:
    """An empty table of what is known of one thing: a fact's name, and the fact."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    return table
