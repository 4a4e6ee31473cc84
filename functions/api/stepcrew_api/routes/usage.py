"""What the executions of a group used."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.usage_sums import OTHERS, By, Sums, by_name, whole_usd
from stepcrew.services.count_usage import Recount, recount
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected, Services
from stepcrew_api.usage_schemas import NamedSums, RecountView, UsageReport, WrongSum

router = APIRouter(prefix="/usage", tags=["costs"], route_class=GuardedRoute)
MOST_DAYS, MOST_ROWS = 366, 1_000
EARLIEST = date(2000, 1, 1)
LATEST = date(2999, 12, 31)
CSV = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the beginning of a cell."""

First = Annotated[
    date | None, Query(alias="from", description="Included; the first of the month where it is left out.")
]
Last = Annotated[date | None, Query(alias="to", description="Included; today, in UTC, where it is left out.")]


@router.get(
    "", response_model=UsageReport, responses={200: {"content": {CSV: {}}, "description": "The sums"}, **responses()}
)
def usage(
    identity: Caller,
    services: Injected,
    first: First = None,
    last: Last = None,
    by: By = By.CREW,
    format: Annotated[Literal["json", "csv"], Query(description="`csv` answers a table.")] = "json",
) -> UsageReport | Response:
    """Sums over the executions that ended on these days, the dearest first, or day by day. Sums by agent, tool and
    model have what those used themselves; an execution counts in each of its agents."""
    first, last = _days(services, first, last)
    found = by_name(services.usage.sums(identity.group_id, by, first, last))
    total = Sums()
    for one in services.usage.sums(identity.group_id, By.DAY, first, last):
        total = total.plus(one.sums)
    rows = [_named(name, found[name]) for name in sorted(found)]
    if by is not By.DAY:
        rows = _shortened(sorted(rows, key=lambda row: -row.total_usd))
    if format == "csv":
        return PlainTextResponse(
            _csv(by, rows),
            media_type=f"{CSV}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="usage-{by}-{first}-{last}.csv"'},
        )
    return UsageReport(first=first, last=last, by=by, total=_named("", total), rows=rows)


@router.get("/recount", responses=responses())
def recount_usage(identity: Admin, services: Injected, first: First = None, last: Last = None) -> RecountView:
    """Adds up again what each execution of these days used. Names the sums that differ, and executions that were not
    counted: there should be none."""
    first, last = _days(services, first, last)
    return _recounted(first, last, recount(services.usage, services.listing, identity.group_id, first, last))


@router.post("/recount", responses=responses())
def count_missing(identity: Admin, services: Injected, first: First = None, last: Last = None) -> RecountView:
    """Counts the executions of these days that were not counted (the announcer could not for a day), then does the same
    as GET. To be repeated while it names missing ones."""
    first, last = _days(services, first, last)
    services.count_usage(recount(services.usage, services.listing, identity.group_id, first, last).missing)
    return _recounted(first, last, recount(services.usage, services.listing, identity.group_id, first, last))


def _recounted(first: date, last: date, found: Recount) -> RecountView:
    wrong = [WrongSum.model_validate(one._asdict()) for one in found.differences]
    missing = [one.execution_id for one in found.missing]
    return RecountView(first=first, last=last, executions=found.executions, differences=wrong, missing=missing)


def _shortened(rows: list[NamedSums]) -> list[NamedSums]:
    """Those behind `MOST_ROWS` in one row: crews may be named anew for each execution."""
    others = Sums()
    for row in rows[MOST_ROWS:]:
        others = others.plus(row)
    return rows[:MOST_ROWS] + ([_named(OTHERS, others)] if len(rows) > MOST_ROWS else [])


def _named(name: str, sums: Sums) -> NamedSums:
    return NamedSums(name=name, total_usd=whole_usd(sums), **dict(sums))


def _days(services: Services, first: date | None, last: date | None) -> tuple[date, date]:
    last = last or services.clock.now().date()
    first = first or last.replace(day=1)
    if EARLIEST <= first <= last <= LATEST and last - first < timedelta(days=MOST_DAYS):
        return first, last
    detail = f"From {first} to {last} is no time of 1 to {MOST_DAYS} days between {EARLIEST} and {LATEST}."
    raise InvalidRequest.at("/from", "days", detail, "Ask for fewer days, the earlier one as from.")


def _csv(by: By, rows: list[NamedSums]) -> str:
    """A table with a head. A name that a spreadsheet would take for a formula has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text)
    columns = [name for name in NamedSums.model_fields if name != "name"]
    writer.writerow([by.value, *columns])
    for row in rows:
        name = f"'{row.name}" if row.name.startswith(_FORMULA) else row.name
        writer.writerow([name, *(getattr(row, column) for column in columns)])
    return text.getvalue()
