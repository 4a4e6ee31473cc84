import "@/ui/card.css";
import "./approvals.css";
import { LockKeyhole, UsersRound } from "lucide-react";
import { Link } from "react-router";
import { isOpen, useDecide } from "@/api/approvals";
import type { Approval } from "@/api/types";
import { ApiProblem } from "@/api/client";
import { useApi } from "@/api/queries";
import { useMayWrite } from "@/app/context";
import { formatAgo, formatDateTime } from "@/lib/format";
import { useNow } from "@/lib/hooks";
import { Countdown } from "./Countdown";
import { DecisionForm } from "./DecisionForm";
import { Question } from "./Question";
import { DecisionLine } from "./DecisionLine";
import { deciderWords, titleOf } from "./words";

interface Props {
  approval: Approval;
  /** The draft of the same task that was sent back before. */
  earlier: Approval | undefined;
  linked?: boolean;
}

/** One question to people: what it is about, until when and by whom it is decided, and the decision. */
export function ApprovalCard({ approval, earlier, linked = false }: Props) {
  const { group } = useApi();
  const writes = useMayWrite();
  const now = useNow(true, 30_000);
  const decide = useDecide(approval);
  const late = decide.error instanceof ApiProblem && decide.error.status === 409;
  const open = isOpen(approval) && !late;
  const { execution_id: id, execution_name: name, task_name: task, agent_role: agent } = approval;
  return (
    <article className="card approval" aria-label={titleOf(approval)}>
      <header>
        <h2 dir="auto">{titleOf(approval)}</h2>
        <p className="faint">
          {linked && (
            <>
              <Link to={`/g/${group}/executions/${id}`}>
                <bdi>{name}</bdi>
              </Link>
              {" · "}
            </>
          )}
          {agent && (
            <>
              <bdi>{agent}</bdi>
              {" · "}
            </>
          )}
          {task && (
            <>
              task <bdi>{task}</bdi>
              {" · "}
            </>
          )}
          <time dateTime={approval.requested_at} title={formatDateTime(approval.requested_at)}>
            asked {formatAgo(approval.requested_at, now)}
          </time>
        </p>
      </header>
      {open && <Countdown approval={approval} />}
      <Question approval={approval} earlier={earlier} />
      {late && (
        <p className="notice-line" role="status">
          <UsersRound size={14} aria-hidden />
          It was decided before your answer came, which changed nothing.
        </p>
      )}
      <DecisionLine approval={approval} />
      {open && approval.may_decide && writes && (
        <DecisionForm key={approval.approval_id} approval={approval} decide={decide} />
      )}
      {open && !(approval.may_decide && writes) && (
        <p className="notice-line">
          <LockKeyhole size={14} aria-hidden />
          <span>
            Who may decide: <strong>{deciderWords(approval)}</strong>.
          </span>
        </p>
      )}
    </article>
  );
}
