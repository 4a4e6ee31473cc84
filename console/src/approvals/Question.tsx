import "./question.css";
import { useExecution } from "@/api/queries";
import type { Approval, Json } from "@/api/types";
import { formatCost, formatNumber } from "@/lib/format";
import { harmless } from "@/lib/text";
import { Viewer } from "@/ui/Viewer";
import { Answer } from "./Answer";
import { LIMIT_WORDS } from "./words";

/** What is to be judged: an answer, tool calls with their arguments, or how far a limit is used up. */
export function Question({ approval, earlier }: { approval: Approval; earlier: Approval | undefined }) {
  return (
    <>
      {approval.question && (
        <p className="question" dir="auto">
          {harmless(approval.question)}
        </p>
      )}
      {(approval.kind === "answer" || approval.kind === "feedback") && <Answer approval={approval} earlier={earlier} />}
      {(approval.kind === "tool" || approval.kind === "effect") && <Calls approval={approval} />}
      {approval.kind === "budget" && approval.limit && <Budget id={approval.execution_id} limit={approval.limit} />}
    </>
  );
}

function Calls({ approval }: { approval: Approval }) {
  return (
    <ul className="held-calls">
      {approval.tools.map((call) => (
        <li key={call.call_id}>
          <p>
            <code>{harmless(call.tool_name)}</code> with
          </p>
          <Viewer name={call.tool_name} value={call.arguments as Json} />
        </li>
      ))}
    </ul>
  );
}

const USED: Record<string, "total_tokens" | "cost_usd" | "model_calls"> = {
  max_tokens: "total_tokens",
  max_cost_usd: "cost_usd",
  max_model_calls: "model_calls",
};

function Budget({ id, limit }: { id: string; limit: string }) {
  const { data: execution } = useExecution(id);
  if (!execution) return null;
  const field = USED[limit];
  const used = field ? (execution.usage[field] ?? null) : null;
  const most = (execution.limits as Record<string, unknown>)[limit];
  if (used === null || typeof most !== "number") return null;
  const told = (value: number): string =>
    limit === "max_cost_usd" ? formatCost(value) : `${formatNumber(value)} ${LIMIT_WORDS[limit] ?? ""}`;
  return (
    <div className="budget">
      <span
        className="budget-bar"
        role="meter"
        aria-label={`${told(used)} of ${told(most)} used`}
        aria-valuemin={0}
        aria-valuemax={most}
        aria-valuenow={Math.min(used, most)}
      >
        <span style={{ width: `${Math.min(100, (used / most) * 100)}%` }} />
      </span>
      <span>
        <strong>{told(used)}</strong> used of {told(most)}
      </span>
    </div>
  );
}
