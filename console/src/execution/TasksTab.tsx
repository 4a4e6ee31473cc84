import "./tasks-tab.css";
import { CircleCheck, CircleDashed, CircleSlash, CircleX, Hourglass, LoaderCircle } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { useApi, useDefinition, useResult } from "@/api/queries";
import { isOpen } from "@/api/approvals";
import { isTerminal } from "@/api/types";
import { titleOf, decisionWords } from "@/approvals/words";
import { formatCompact, formatCost, formatDuration } from "@/lib/format";
import { useNow } from "@/lib/hooks";
import type { TreeNode } from "@/trace/nodes";
import { Loading, Trouble } from "@/ui/kit";
import { useShown } from "./ExecutionPage";
import { type TaskLine, type TaskLook, taskLines } from "./tasks";

const LOOKS = {
  completed: { icon: CircleCheck, name: "Done", style: "completed" },
  skipped: { icon: CircleSlash, name: "Skipped", style: "cancelled" },
  failed: { icon: CircleX, name: "Failed", style: "failed" },
  running: { icon: LoaderCircle, name: "Running", style: "running" },
  waiting: { icon: Hourglass, name: "Waiting", style: "waiting" },
  open: { icon: CircleDashed, name: "Not yet", style: "pending" },
  never: { icon: CircleDashed, name: "Not reached", style: "pending" },
} as const satisfies Record<TaskLook, unknown>;

/** All tasks of the definition, also those that have not begun, and how each stands. */
export function TasksTab() {
  const { execution, tree, approvals } = useShown();
  const { group } = useApi();
  const definition = useDefinition(execution.execution_id);
  const result = useResult(execution);
  const ended = isTerminal(execution.status);
  const now = useNow(!ended);
  const lines = useMemo(
    () =>
      taskLines(definition.data, {
        outputs: result.data?.tasks ?? [],
        traced: tree.roots.flatMap((root: TreeNode) => root.children),
        approvals: approvals.data ?? [],
        ended,
      }),
    [definition.data, result.data, tree, approvals.data, ended],
  );
  if (definition.error) return <Trouble error={definition.error} retry={() => void definition.refetch()} />;
  if (!definition.data || !result.data) return <Loading label="Reading the tasks…" />;
  const longest = Math.max(1, ...lines.map((line) => timeOf(line, now) ?? 0));
  return (
    <div className="table-scroll">
      <table className="data-table tasks">
        <thead>
          <tr>
            <th className="col-number">#</th>
            <th>Task</th>
            <th>Agent</th>
            <th>State</th>
            <th className="col-bar">Time</th>
            <th className="col-number">Tokens</th>
            <th className="col-number">Cost</th>
            <th className="col-number">Attempt</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => {
            const { icon: Icon, name, style } = LOOKS[line.state];
            const time = timeOf(line, now);
            return (
              <tr key={line.index}>
                <td className="col-number faint">{line.index + 1}</td>
                <td className="col-task">
                  <Link
                    className="row-link"
                    title={line.name}
                    to={`/g/${group}/executions/${execution.execution_id}?q=${encodeURIComponent(line.name)}`}
                  >
                    <bdi>{line.name}</bdi>
                  </Link>
                  <bdi className="faint row-message" title={line.description}>
                    {line.description}
                  </bdi>
                  {line.asked.map((each) => (
                    <Link
                      key={each.number}
                      className="task-asked"
                      to={`/g/${group}/executions/${execution.execution_id}/approvals`}
                    >
                      {each.decision
                        ? decisionWords(each.decision)
                        : isOpen(each)
                          ? `${titleOf(each)}…`
                          : "Asked, but nobody had to decide"}
                    </Link>
                  ))}
                </td>
                <td className="col-agent">
                  <bdi title={line.agent}>{line.agent || "–"}</bdi>
                </td>
                <td className="col-state">
                  <span className={`status status-${style}`}>
                    <Icon size={14} className={line.state === "running" ? "spin" : undefined} aria-hidden />
                    {name}
                  </span>
                </td>
                <td className="col-bar">
                  <span className="mini-bar" aria-hidden>
                    <span style={{ width: `${((time ?? 0) / longest) * 100}%` }} />
                  </span>
                  {time === null ? "–" : formatDuration(time)}
                </td>
                <td className="col-number" data-label="Tokens">
                  {line.tokens ? formatCompact(line.tokens) : "–"}
                </td>
                <td className="col-number" data-label="Cost">
                  {line.cost === null ? "–" : formatCost(line.cost)}
                </td>
                <td className="col-number" data-label="Attempt">
                  {line.attempt ?? "–"}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function timeOf(line: TaskLine, now: number): number | null {
  return line.start === null ? null : (line.end ?? now) - line.start;
}
