import "./compare.css";
import { ArrowLeftRight } from "lucide-react";
import { Suspense, lazy, useMemo } from "react";
import { Link } from "react-router";
import { useApi, useExecution, useResult } from "@/api/queries";
import { type Execution, type Result, isTerminal } from "@/api/types";
import { formatAgo, formatCost, formatDateTime, formatDuration, formatNumber } from "@/lib/format";
import { useNow, useParam, useSetParams, useTitle } from "@/lib/hooks";
import { elapsed } from "@/trace/time";
import { useExecutions } from "@/list/useExecutions";
import { Button, Loading, Trouble } from "@/ui/kit";
import { StatusBadge, statusName } from "@/ui/StatusBadge";
import { type Pair, pairTasks } from "./pairs";

const Difference = lazy(() => import("./Difference"));

/** Two executions side by side. Both stand in the address. */
export function ComparePage() {
  useTitle("Compare");
  const [a, setA] = useParam("a");
  const [b, setB] = useParam("b");
  const setParams = useSetParams();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Compare</h1>
      </div>
      <div className="compare-choice">
        <Choice label="First" value={a} onChange={setA} other={b} />
        <Button look="quiet" onClick={() => setParams({ a: b, b: a })} disabled={!a && !b} aria-label="Swap the two">
          <ArrowLeftRight size={15} aria-hidden />
        </Button>
        <Choice label="Second" value={b} onChange={setB} other={a} />
      </div>
      {a && b ? <Both key={`${a}|${b}`} a={a} b={b} /> : <p className="notice">Choose two executions of this group.</p>}
    </main>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  other: string;
  onChange: (id: string) => void;
}

/** The newest executions; those of the same crew as the other one first, because they are what is compared most. */
function Choice({ label, value, other, onChange }: ChoiceProps) {
  const { executions } = useExecutions({ status: "", crew: "", search: "", since: "" });
  const now = useNow(true, 30_000);
  const crew = executions.find((each) => each.execution_id === other)?.name;
  const ordered = [...executions]
    .filter((each) => each.execution_id !== other)
    .sort((x, y) => Number(y.name === crew) - Number(x.name === crew));
  const known = ordered.some((each) => each.execution_id === value);
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {value && !known && <option value={value}>{value}</option>}
        {ordered.map((each) => (
          <option key={each.execution_id} value={each.execution_id}>
            {each.name}, {statusName(each.status).toLowerCase()}, {formatAgo(each.created_at, now)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Both({ a, b }: { a: string; b: string }) {
  const first = useSide(a);
  const second = useSide(b);
  const error = first.error ?? second.error;
  if (error) return <Trouble error={error} />;
  if (!first.execution || !second.execution || !first.result || !second.result)
    return <Loading label="Reading both…" />;
  return (
    <Comparison
      first={{ execution: first.execution, result: first.result }}
      second={{ execution: second.execution, result: second.result }}
    />
  );
}

function useSide(id: string) {
  const execution = useExecution(id);
  const result = useResult(execution.data);
  return { execution: execution.data, result: result.data, error: execution.error ?? result.error };
}

interface Side {
  execution: Execution;
  result: Result;
}

function Comparison({ first, second }: { first: Side; second: Side }) {
  const { group } = useApi();
  const open = [first, second].some(({ execution }) => !isTerminal(execution.status));
  const now = useNow(open);
  const pairs = useMemo(() => pairTasks(first.result.tasks, second.result.tasks), [first.result, second.result]);
  const times = [first, second].map(({ execution }) => elapsed(execution, now)) as [number, number];
  const use = [first, second].map(({ execution }) => execution.usage);
  const longest = Math.max(1, ...pairs.flatMap(({ times: [x, y] }) => [x ?? 0, y ?? 0]));
  return (
    <>
      <div className="table-scroll">
        <table className="data-table compare-table">
          <thead>
            <tr>
              <td />
              {[first, second].map(({ execution }, index) => (
                <th key={index} scope="col">
                  <Link to={`/g/${group}/executions/${execution.execution_id}`}>{execution.name}</Link>
                  <span className="faint">{formatDateTime(execution.created_at)}</span>
                </th>
              ))}
              <th scope="col">Difference</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">Outcome</th>
              {[first, second].map(({ execution }, index) => (
                <td key={index}>
                  <StatusBadge status={execution.status} />
                  {execution.error && <span className="faint row-message">{execution.error.message}</span>}
                </td>
              ))}
              <td>{first.execution.status === second.execution.status ? "same" : "differs"}</td>
            </tr>
            <Line name="Model" values={[first.execution.model ?? "–", second.execution.model ?? "–"]} />
            <Numbers name="Duration" values={times} show={formatDuration} />
            <Numbers name="Tokens" values={[use[0]?.total_tokens, use[1]?.total_tokens]} show={formatNumber} />
            <Numbers name="Model calls" values={[use[0]?.model_calls, use[1]?.model_calls]} show={formatNumber} />
            <Numbers name="Cost" values={[use[0]?.cost_usd, use[1]?.cost_usd]} show={formatCost} />
          </tbody>
        </table>
      </div>
      <h2 className="section-title">Tasks</h2>
      {pairs.length === 0 && <p className="notice">Neither has finished a task.</p>}
      {pairs.map((pair) => (
        <TaskPair key={pair.name} pair={pair} longest={longest} />
      ))}
    </>
  );
}

function Line({ name, values: [x, y] }: { name: string; values: [string, string] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{x}</td>
      <td>{y}</td>
      <td>{x === y ? "same" : "differs"}</td>
    </tr>
  );
}

function Numbers({
  name,
  values: [x, y],
  show,
}: {
  name: string;
  values: [number | null | undefined, number | null | undefined];
  show: (value: number) => string;
}) {
  const told = (value: number | null | undefined): string =>
    value === null || value === undefined ? "–" : show(value);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="col-number">{told(x)}</td>
      <td className="col-number">{told(y)}</td>
      <td className="col-number">{difference(x, y)}</td>
    </tr>
  );
}

function difference(x: number | null | undefined, y: number | null | undefined): string {
  if (x === null || x === undefined || y === null || y === undefined) return "–";
  if (x === y) return "same";
  if (x === 0) return "new";
  const percent = Math.round(((y - x) / x) * 100);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}

function TaskPair({ pair, longest }: { pair: Pair; longest: number }) {
  return (
    <article className="card">
      <h3 className="card-head compare-head">
        <span>{pair.name}</span>
        <span className="compare-bars">
          {pair.times.map((ms, index) => (
            <span key={index} className="compare-bar">
              <span className="mini-bar" aria-hidden>
                <span className={`side-${index}`} style={{ width: `${((ms ?? 0) / longest) * 100}%` }} />
              </span>
              {ms === null ? "not finished" : formatDuration(ms)}
            </span>
          ))}
        </span>
      </h3>
      <div className="card-body">
        <Suspense fallback={<Loading />}>
          <Difference before={pair.texts[0]} after={pair.texts[1]} />
        </Suspense>
      </div>
    </article>
  );
}
