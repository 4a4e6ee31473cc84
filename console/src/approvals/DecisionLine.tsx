import "./decision-line.css";
import { CircleCheck, CircleSlash, CircleX, RotateCcw } from "lucide-react";
import type { Approval } from "@/api/types";
import { formatDateTime } from "@/lib/format";
import { harmless } from "@/lib/text";
import { Viewer } from "@/ui/Viewer";
import { limitWords, decisionWords } from "./words";

const LOOKS = {
  approve: { icon: CircleCheck, style: "completed" },
  revise: { icon: RotateCcw, style: "waiting" },
  reject: { icon: CircleX, style: "failed" },
} as const;

/** What became of a question: who decided what and when, or that nobody had to. */
export function DecisionLine({ approval }: { approval: Approval }) {
  const { decision, withdrawn_at: withdrawn } = approval;
  if (!decision) {
    return withdrawn ? (
      <p className="decision-line">
        <CircleSlash size={15} aria-hidden />
        Nobody has to decide any more: the execution ended on {formatDateTime(withdrawn)}.
      </p>
    ) : null;
  }
  const limits = decision.limits && limitWords(decision.limits);
  const { icon: Icon, style } = LOOKS[decision.kind];
  return (
    <div className="decision-line">
      <Icon size={15} className={`status-${style}`} aria-hidden />
      <div>
        <p>
          <strong>{decisionWords(decision)}</strong>{" "}
          <span className="faint">{formatDateTime(decision.decided_at)}</span>
        </p>
        {decision.comment && <blockquote dir="auto">{harmless(decision.comment)}</blockquote>}
        {(decision.output !== null || decision.output_reference) && (
          <details>
            <summary>The answer that was approved instead</summary>
            <Viewer name="approved-answer" value={decision.output} reference={decision.output_reference} />
          </details>
        )}
        {limits && <p className="faint">Limits from then on: {limits}.</p>}
      </div>
    </div>
  );
}
