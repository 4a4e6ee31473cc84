"""`stepcrew`: runs crews over HTTP and shows them.

Exit codes: 0 success; 1 the execution failed or was cancelled; 2 wrong usage or a rejected request; 3 the server cannot
be reached or has trouble; 130 detached with Ctrl-C.
"""

from __future__ import annotations

import typer

from stepcrew_cli.commands import control, look, people, read, run, secrets, stack, stored

app = typer.Typer(
    name="stepcrew",
    help=__doc__,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _part in (stack, run, stored, secrets, look, read, people, control):
    _part.register(app)


def main() -> None:
    app(prog_name="stepcrew")
