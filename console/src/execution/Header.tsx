import { ChevronRight, Hourglass, ReceiptText } from "lucide-react";
import { Link, useLocation } from "react-router";
import { askedFor } from "@/approvals/words";
import { useApi } from "@/api/queries";
import { type CancelReceipt, type Execution, type ExecutionError, type Waiting, isTerminal } from "@/api/types";
import { formatAgo, formatCost, formatDateTime, formatDuration, formatNumber } from "@/lib/format";
import { useNow } from "@/lib/hooks";
import { Progress, elapsed } from "@/list/ExecutionTable";
import type { Trace } from "@/trace/useTrace";
import { Copy } from "@/ui/Copy";
import { StatusBadge } from "@/ui/StatusBadge";
import { Actions } from "./Actions";

export function Header({ execution, trace }: { execution: Execution; trace: Trace | undefined }) {
  const { group } = useApi();
  const open = !isTerminal(execution.status);
  const now = useNow(true, open ? 1000 : 30_000);
  const { usage, progress } = execution;
  return (
    <header className="execution-head">
      <div className="crumbs">
        <Link to={`/g/${group}/executions`}>Executions</Link>
        <ChevronRight size={13} aria-hidden />
        <code>{execution.execution_id}</code>
        <Copy text={() => execution.execution_id} label="Copy the id" />
      </div>
      <div className="execution-title">
        <h1>{execution.name}</h1>
        <StatusBadge status={execution.status} cancelling={execution.cancel_requested_at !== null} />
        <p className="now" role="status">
          {open && !execution.waiting && <Now {...progress} message={execution.message} />}
        </p>
        <Actions execution={execution} trace={trace} />
      </div>
      <dl className="facts">
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
        <Fact name="Cost" hint={usage.cost_note ?? undefined}>
          {formatCost(usage.cost_usd)}
        </Fact>
        <Fact name="Model">{execution.model ?? "–"}</Fact>
        <Fact name="Started" hint={formatDateTime(execution.created_at)}>
          {formatAgo(execution.created_at, now)}
          {execution.submitted_by && <span className="faint"> by {execution.submitted_by}</span>}
        </Fact>
        {execution.attempt > 1 && <Fact name="Attempt">{execution.attempt}</Fact>}
      </dl>
      {execution.waiting && (
        <WaitingNotice
          waiting={execution.waiting}
          now={now}
          to={`/g/${group}/executions/${execution.execution_id}/approvals`}
        />
      )}
      {execution.error && <ErrorBox error={execution.error} cancelled={execution.status === "CANCELLED"} />}
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

function Now({
  current_agent: agent,
  current_task: task,
  message,
}: Partial<Execution["progress"]> & { message: string }) {
  if (!task) return <>{message}</>;
  return (
    <>
      {agent && <strong>{agent}</strong>} {agent ? "works on" : "Now:"} <strong>{task}</strong>
    </>
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

function ErrorBox({ error, cancelled }: { error: ExecutionError; cancelled: boolean }) {
  return (
    <div className={cancelled ? "outcome outcome-quiet" : "outcome"} role={cancelled ? undefined : "alert"}>
      <p className="outcome-title">{error.message}</p>
      <p>
        <span className="tag">{error.category.replaceAll("_", " ")}</span>
        {error.task && (
          <>
            {" "}
            in <strong>{error.task}</strong>.
          </>
        )}{" "}
        {error.remedy}
      </p>
    </div>
  );
}
