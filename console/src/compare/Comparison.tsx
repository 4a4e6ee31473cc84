import "@/ui/card.css";
import { Suspense, lazy, useMemo } from "react";
import { Link } from "react-router";
import { stringify } from "yaml";
import { type Definition, useApi } from "@/api/queries";
import { type Execution, type Result, isTerminal } from "@/api/types";
import { formatCost, formatDateTime, formatDuration, formatNumber } from "@/lib/format";
import { useNow } from "@/lib/hooks";
import { elapsed, frameOf } from "@/trace/time";
import { type TraceTree, buildTree } from "@/trace/tree";
import { useTrace } from "@/trace/useTrace";
import { StatusBadge } from "@/ui/StatusBadge";
import { pairTasks } from "./pairs";
import { TaskPair } from "./TaskPair";

const Difference = lazy(() => import("@/ui/Difference"));

export interface Side {
  execution: Execution;
  result: Result;
  definition: Definition;
}

export function Comparison({ first, second }: { first: Side; second: Side }) {
  const { group } = useApi();
  const open = [first, second].some(({ execution }) => !isTerminal(execution.status));
  const now = useNow(open);
  const firstTree = useTree(first.execution);
  const secondTree = useTree(second.execution);
  const pairs = useMemo(() => {
    const known = ({ result, definition }: Side, tree: TraceTree) => ({ definition, outputs: result.tasks, tree });
    return pairTasks(known(first, firstTree), known(second, secondTree));
  }, [first, second, firstTree, secondTree]);
  const texts = useMemo(() => [first, second].map((side) => definitionText(side)), [first, second]);
  const times = [first, second].map(({ execution }) => elapsed(execution, now)) as [number, number];
  const use = [first, second].map(({ execution }) => execution.usage);
  const longest = Math.max(1, ...pairs.flatMap(({ sides }) => sides.map(({ time }) => time ?? 0)));
  return (
    <>
      {/* A wide table scrolls by itself, also by keyboard. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="table-scroll" tabIndex={0} role="region" aria-label="The two executions">
        <table className="data-table compare-table">
          <thead>
            <tr>
              <td />
              {[first, second].map(({ execution }, index) => (
                <th key={index} scope="col">
                  <Link
                    dir="auto"
                    title={execution.name}
                    to={`/g/${group}/executions/${execution.execution_id}`}
                    className="compare-name"
                  >
                    {execution.name}
                  </Link>
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
                  {execution.error && (
                    <bdi className="faint row-message" title={execution.error.message}>
                      {execution.error.message}
                    </bdi>
                  )}
                </td>
              ))}
              <td>{first.execution.status === second.execution.status ? "same" : "differs"}</td>
            </tr>
            <Line name="Model" values={[first.execution.model ?? "–", second.execution.model ?? "–"]} />
            <Numbers name="Duration" values={times} show={formatDuration} />
            <Numbers name="Tokens" values={[use[0]?.total_tokens, use[1]?.total_tokens]} show={formatNumber} />
            <Numbers name="Model calls" values={[use[0]?.model_calls, use[1]?.model_calls]} show={formatNumber} />
            <Numbers
              name="Cost"
              values={[first.execution.cost.total_usd, second.execution.cost.total_usd]}
              show={formatCost}
            />
          </tbody>
        </table>
      </div>
      <section className="compare-section" aria-label="Definition and inputs">
        <h2 className="section-title">Definition and inputs</h2>
        <Suspense fallback={<p className="faint">Comparing…</p>}>
          <Difference
            code
            before={texts[0] ?? ""}
            after={texts[1] ?? ""}
            same="Both ran the same definition with the same inputs."
          />
        </Suspense>
      </section>
      <section className="compare-section" aria-label="Tasks">
        <h2 className="section-title">Tasks</h2>
        {pairs.map((pair) => (
          <TaskPair key={pair.name} pair={pair} longest={longest} />
        ))}
      </section>
    </>
  );
}

/** What the trace tells of one of them; empty until it is here. */
function useTree(execution: Execution): TraceTree {
  const { data: trace } = useTrace(execution);
  return useMemo(
    () =>
      buildTree(trace?.events ?? [], {
        gaps: [],
        ended: isTerminal(execution.status),
        frame: frameOf(execution),
        failedTask: execution.error?.task,
        coming: [],
      }),
    [trace, execution],
  );
}

function definitionText({ definition: { config, inputs } }: Side): string {
  return stringify({ ...config, ...(Object.keys(inputs).length && { inputs }) }, { lineWidth: 110 });
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
