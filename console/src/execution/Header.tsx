import "./header.css";
import "./outcome.css";
import { ChevronRight, Hourglass, ReceiptText } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "react-router";
import { askedFor } from "@/approvals/words";
import { useApi } from "@/api/queries";
import { type CancelReceipt, type Execution, type Waiting, isTerminal } from "@/api/types";
import {
  costHint,
  formatAgo,
  formatCost,
  formatDateTime,
  formatDuration,
  formatNumber,
  formatTotal,
} from "@/lib/format";
import { useNow } from "@/lib/hooks";
import { elapsed } from "@/trace/time";
import type { TraceTree } from "@/trace/tree";
import type { Trace } from "@/trace/useTrace";
import { Copy } from "@/ui/Copy";
import { Progress } from "@/ui/Progress";
import { StatusBadge } from "@/ui/StatusBadge";
import { Actions } from "./Actions";
import { FailureCard } from "./FailureCard";
import { nowText } from "./now";
import type { Notify } from "./useNotify";

/** So many of the newest reruns are linked. */
const RERUNS_MOST = 5;

interface Props {
  execution: Execution;
  trace: Trace | undefined;
  tree: TraceTree;
  notify: Notify;
}

export function Header({ execution, trace, tree, notify }: Props) {
  const { group } = useApi();
  const open = !isTerminal(execution.status);
  const now = useNow(true, open ? 1000 : 30_000);
  const [shown, setShown] = useState(false);
  const { usage } = execution;
  return (
    <header className="execution-head">
      <div className="execution-title">
        <nav className="crumbs" aria-label="Breadcrumb">
          <Link to={`/g/${group}/executions`}>Executions</Link>
          <ChevronRight size={13} aria-hidden />
        </nav>
        <h1 title={execution.name}>
          <bdi>{execution.name}</bdi>
        </h1>
        <StatusBadge
          status={execution.status}
          cancelling={execution.cancel_requested_at !== null}
          queued={execution.queue_position}
        />
        <p className="now" role="status" dir="auto">
          {open && !execution.waiting && nowText(execution, tree)}
        </p>
        <button type="button" className="facts-toggle" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {shown ? "Less" : "More"}
        </button>
        <Actions execution={execution} trace={trace} notify={notify} />
      </div>
      <dl className="facts" data-shown={shown}>
        <Fact name="Progress">
          <Progress execution={execution} />
        </Fact>
        <Fact name="Elapsed">{formatDuration(elapsed(execution, now))}</Fact>
        <Fact
          name="Tokens"
          hint={`${formatNumber(usage.prompt_tokens)} in, ${formatNumber(usage.completion_tokens)} out`}
        >
          {formatNumber(usage.total_tokens)}
        </Fact>
        <Fact name="Model calls">{formatNumber(usage.model_calls)}</Fact>
        <Fact name="Cost" hint={costHint(execution)}>
          <Link to={`/g/${group}/executions/${execution.execution_id}/cost`}>{formatTotal(execution.cost)}</Link>
        </Fact>
        <Fact name="Model">{execution.model ?? "–"}</Fact>
        <Fact name="Started" hint={formatDateTime(execution.created_at)}>
          {formatAgo(execution.created_at, now)}
          {execution.submitted_by && <span className="faint"> by {execution.submitted_by}</span>}
        </Fact>
        {execution.batch && (
          <Fact name="Batch">
            <Link to={`/g/${group}/batches/${execution.batch.batch_id}`}>row {execution.batch.row}</Link>
          </Fact>
        )}
        {execution.rerun_of && (
          <Fact name="Runs again" hint={execution.rerun_from ? `From the task ${execution.rerun_from}` : undefined}>
            <Link to={`/g/${group}/executions/${execution.rerun_of}`}>an earlier one</Link>
            {execution.rerun_from && <bdi className="faint clamp">from {execution.rerun_from}</bdi>}
          </Fact>
        )}
        {execution.reruns.length > 0 && (
          <Fact name="Run again">
            {execution.reruns.slice(-RERUNS_MOST).map((id, index) => (
              <Link key={id} to={`/g/${group}/executions/${id}`}>
                {execution.reruns.length - Math.min(RERUNS_MOST, execution.reruns.length) + index + 1}
              </Link>
            ))}
          </Fact>
        )}
        {execution.attempt > 1 && <Fact name="Attempt">{execution.attempt}</Fact>}
        <Fact name="Id" hint={execution.execution_id}>
          <code>{execution.execution_id}</code>
          <Copy text={() => execution.execution_id} label="Copy the id" />
        </Fact>
      </dl>
      {execution.waiting && (
        <WaitingNotice
          waiting={execution.waiting}
          now={now}
          to={`/g/${group}/executions/${execution.execution_id}/approvals`}
        />
      )}
      {execution.error && <FailureCard execution={execution} error={execution.error} tree={tree} />}
      {execution.cancel_receipt && <Receipt receipt={execution.cancel_receipt} />}
    </header>
  );
}

function Fact({ name, hint, children }: { name: string; hint?: string | undefined; children: React.ReactNode }) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function WaitingNotice({ waiting, now, to }: { waiting: Waiting; now: number; to: string }) {
  const there = useLocation().pathname === to;
  return (
    <div className="outcome outcome-waiting" role="status">
      <p>
        <Hourglass size={14} aria-hidden /> <strong>{askedFor(waiting)}.</strong> It has waited for a person for{" "}
        {formatDuration(now - Date.parse(waiting.since))}. Nothing runs or costs meanwhile.
      </p>
      {!there && (
        <Link className="button button-primary" to={to}>
          Read and decide
        </Link>
      )}
    </div>
  );
}

/** What a cancel request still cost; null counts when the runner died before it could say. */
function Receipt({ receipt }: { receipt: CancelReceipt }) {
  const { model_calls: calls, abandoned_calls: abandoned, total_tokens: tokens, cost_usd: cost } = receipt;
  const took = formatDuration(Date.parse(receipt.observed_at) - Date.parse(receipt.requested_at));
  return (
    <p className="receipt">
      <ReceiptText size={14} aria-hidden />
      <span>
        Cancelled on request, seen after {took}.{" "}
        {calls === null
          ? "What was spent after the request is not known: the runner was gone."
          : calls === 0
            ? "No model call was paid for after the request."
            : `After the request: ${formatNumber(calls)} model ${calls === 1 ? "call" : "calls"}, ${formatNumber(tokens ?? 0)} tokens, ${formatCost(cost)}.`}
        {abandoned
          ? ` ${formatNumber(abandoned)} ${abandoned === 1 ? "call was" : "calls were"} left in flight; a provider may bill for it.`
          : ""}
      </span>
    </p>
  );
}
