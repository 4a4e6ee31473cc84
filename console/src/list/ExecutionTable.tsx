import "./list.css";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { useApi } from "@/api/queries";
import { type Execution, isTerminal } from "@/api/types";
import {
  costHint,
  formatAgo,
  formatCompact,
  formatTotal,
  formatDateTime,
  formatDuration,
  formatNumber,
} from "@/lib/format";
import { useKeys, useNow } from "@/lib/hooks";
import { preview } from "@/lib/text";
import { elapsed } from "@/trace/time";
import { Hint } from "@/ui/kit";
import { Progress } from "@/ui/Progress";
import { StatusBadge } from "@/ui/StatusBadge";

interface Props {
  executions: Execution[];
  now: number;
  picked: string[];
  onPick: (ids: string[]) => void;
  sort: string;
  onSort: (by: string) => void;
}

/** So many are compared at once. */
const PICKED_MOST = 2;

export function ExecutionTable({ executions, now, picked, onPick, sort, onSort }: Props) {
  const { group } = useApi();
  const navigate = useNavigate();
  const [chosen, setChosen] = useState<string | null>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const running = executions.some((each) => !isTerminal(each.status));
  const tick = useNow(running, 1000);
  useKeys(({ key }) => {
    const index = executions.findIndex((each) => each.execution_id === chosen);
    const move = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
    if (move) {
      const next = executions[index < 0 ? 0 : Math.min(Math.max(index + move, 0), executions.length - 1)];
      setChosen(next?.execution_id ?? null);
      body.current?.querySelector(`[data-id="${next?.execution_id}"]`)?.scrollIntoView({ block: "nearest" });
      return true;
    }
    if (key === "Enter" && chosen && document.activeElement === document.body) {
      void navigate(`/g/${group}/executions/${chosen}`);
      return true;
    }
    return false;
  });
  const pick = (id: string): void =>
    onPick(picked.includes(id) ? picked.filter((each) => each !== id) : [...picked, id].slice(0, PICKED_MOST));
  return (
    <div className="table-scroll">
      <table className="data-table executions">
        <thead>
          <tr>
            <th className="col-pick">
              <span className="visually-hidden">Compare</span>
            </th>
            <th className="col-status">Status</th>
            <th>Crew</th>
            <th className="col-progress">Progress</th>
            <SortHead className="col-number" name="Duration" by="duration" sort={sort} onSort={onSort} />
            <SortHead className="col-number col-tokens" name="Tokens" by="tokens" sort={sort} onSort={onSort} />
            <SortHead className="col-number col-cost" name="Cost" by="cost" sort={sort} onSort={onSort} />
            <th className="col-who">Started by</th>
            <SortHead className="col-when" name="Started" by="oldest" sort={sort} onSort={onSort} ascending />
          </tr>
        </thead>
        <tbody ref={body}>
          {executions.map((each) => (
            <ExecutionRow
              key={each.execution_id}
              execution={each}
              to={`/g/${group}/executions/${each.execution_id}`}
              now={running ? tick : now}
              chosen={each.execution_id === chosen}
              picked={picked.includes(each.execution_id)}
              full={picked.length >= PICKED_MOST}
              onPick={pick}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps {
  name: string;
  by: string;
  sort: string;
  onSort: (by: string) => void;
  className: string;
  /** What it sorts by grows downwards. */
  ascending?: boolean;
}

/** Sorts by its column; pressed again, the newest come first as before. */
function SortHead({ name, by, sort, onSort, className, ascending = false }: HeadProps) {
  const chosen = sort === by;
  const direction = chosen ? (ascending ? "ascending" : "descending") : ascending && !sort ? "descending" : "none";
  return (
    <th className={className} aria-sort={direction}>
      <button type="button" className="sort" onClick={() => onSort(chosen ? "" : by)}>
        {name}
        {direction !== "none" && <span aria-hidden>{direction === "ascending" ? " ↑" : " ↓"}</span>}
      </button>
    </th>
  );
}

interface RowProps {
  execution: Execution;
  to: string;
  now: number;
  chosen: boolean;
  picked: boolean;
  /** No other one can be picked until one is let go. */
  full: boolean;
  onPick: (id: string) => void;
}

function ExecutionRow({ execution, to, now, chosen, picked, full, onPick }: RowProps) {
  const { execution_id: id, name, status, usage, error, message } = execution;
  const open = !isTerminal(status);
  return (
    <tr data-id={id} data-chosen={chosen} data-picked={picked}>
      <td className="col-pick">
        <label title={full && !picked ? "Two are chosen: let one go first" : undefined}>
          <input
            type="checkbox"
            checked={picked}
            disabled={full && !picked}
            onChange={() => onPick(id)}
            aria-label={`Compare ${name}, ${id}`}
          />
        </label>
      </td>
      <td className="col-status">
        <StatusBadge
          status={status}
          cancelling={execution.cancel_requested_at !== null}
          queued={execution.queue_position}
        />
      </td>
      <td className="col-crew">
        <Link to={to} className="row-link" title={name}>
          <bdi>{name}</bdi>
        </Link>
        <bdi className="faint row-message" title={error?.message}>
          {preview(error?.message ?? (open ? message : (execution.model ?? "")), 140)}
        </bdi>
      </td>
      <td className="col-progress">
        <Progress execution={execution} />
      </td>
      <td className="col-number">{formatDuration(elapsed(execution, now))}</td>
      <td className="col-number col-tokens">
        <Hint
          text={`${formatNumber(usage.prompt_tokens)} in, ${formatNumber(usage.completion_tokens)} out, ${usage.model_calls} model calls`}
        >
          <span>{usage.total_tokens ? formatCompact(usage.total_tokens) : "–"}</span>
        </Hint>
      </td>
      <td className="col-number col-cost" title={costHint(execution)}>
        {formatTotal(execution.cost)}
      </td>
      <td className="col-who">
        <span className="clip" title={execution.submitted_by ?? undefined}>
          {execution.submitted_by ?? "–"}
        </span>
        {execution.source !== "api" && <span className="faint"> by {execution.source}</span>}
      </td>
      <td className="col-when">
        <time dateTime={execution.created_at} title={formatDateTime(execution.created_at)}>
          {formatAgo(execution.created_at, now)}
        </time>
      </td>
    </tr>
  );
}
