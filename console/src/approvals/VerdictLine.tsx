import "./verdict-line.css";
import { CircleCheck, CircleSlash, CircleX, RotateCcw } from "lucide-react";
import type { Approval } from "@/api/types";
import { formatDateTime } from "@/lib/format";
import { harmless } from "@/lib/text";
import { Viewer } from "@/ui/Viewer";
import { limitWords, verdictWords } from "./words";

const LOOKS = {
  approve: { icon: CircleCheck, style: "completed" },
  revise: { icon: RotateCcw, style: "waiting" },
  reject: { icon: CircleX, style: "failed" },
} as const;

/** What became of a question: who decided what and when, or that nobody had to. */
export function VerdictLine({ approval }: { approval: Approval }) {
  const { verdict, withdrawn_at: withdrawn } = approval;
  if (!verdict) {
    return withdrawn ? (
      <p className="verdict-line">
        <CircleSlash size={15} aria-hidden />
        Nobody has to decide any more: the execution ended on {formatDateTime(withdrawn)}.
      </p>
    ) : null;
  }
  const limits = verdict.limits && limitWords(verdict.limits);
  const { icon: Icon, style } = LOOKS[verdict.decision];
  return (
    <div className="verdict-line">
      <Icon size={15} className={`status-${style}`} aria-hidden />
      <div>
        <p>
          <strong>{verdictWords(verdict)}</strong> <span className="faint">{formatDateTime(verdict.decided_at)}</span>
        </p>
        {verdict.comment && <blockquote dir="auto">{harmless(verdict.comment)}</blockquote>}
        {(verdict.output !== null || verdict.output_reference) && (
          <details>
            <summary>The answer that was approved instead</summary>
            <Viewer name="approved-answer" value={verdict.output} reference={verdict.output_reference} />
          </details>
        )}
        {limits && <p className="faint">Limits from then on: {limits}.</p>}
      </div>
    </div>
  );
}
