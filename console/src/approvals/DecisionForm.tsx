import "./decision.css";
import { Check, Pencil, RotateCcw, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { useDecide } from "@/api/approvals";
import type { Approval, Feedback } from "@/api/types";
import { fetchBody, useApi } from "@/api/queries";
import { useKeys } from "@/lib/hooks";
import { Button, Field, Trouble } from "@/ui/kit";
import { BudgetForm } from "./BudgetForm";
import { Send } from "./Send";

/** Characters. */
const COMMENT_MOST = 10_000;

type Mode = "approve" | "change" | "revise" | "reject";

const WORDS = {
  answer: { approve: "Approve", reject: "Reject" },
  tool: { approve: "Allow", reject: "Refuse" },
  budget: { approve: "Give more", reject: "Stop here" },
  effect: { approve: "Make it again", reject: "Do not repeat" },
  feedback: { approve: "Approve", reject: "Reject" },
  input: { approve: "Go on without a text", reject: "Stop here" },
} as const;
const AFTER_REJECTION = {
  answer: "The execution ends as failed. Finished tasks keep their outputs.",
  tool: "The call is not made. The agent is told so, with your words, and goes on.",
  budget: "The execution ends as failed. Finished tasks keep their outputs.",
  effect: "The call is not made again. The agent is told that nobody knows, with your words, and goes on.",
  feedback: "The flow is told, with your words, and goes on as its author laid it out.",
  input: "The execution ends as failed. Finished tasks keep their outputs.",
} as const;

/** The ways out of one question. What was written stays while the page looks for news. */
export function DecisionForm({ approval, decide }: { approval: Approval; decide: ReturnType<typeof useDecide> }) {
  const { api } = useApi();
  const [mode, setMode] = useState<Mode | null>(approval.kind === "budget" ? "approve" : null);
  const [comment, setComment] = useState("");
  const [answer, setAnswer] = useState<string | null>(null);
  const [unread, setUnread] = useState<unknown>(null);
  const { kind, output, output_reference: reference } = approval;
  const words = WORDS[kind];
  const takesText = kind === "answer" || kind === "input";
  const takesRevision = kind === "answer" || kind === "feedback";
  const busy = decide.isPending || decide.isSuccess; // until the decision is read and takes the form's place
  const send = (feedback: Feedback): void =>
    decide.mutate({ ...feedback, ...(comment.trim() && { comment: comment.trim() }) });
  const change = async (): Promise<void> => {
    setMode("change");
    if (answer !== null) return;
    try {
      setAnswer(reference ? await fetchBody(api, reference.url) : (output ?? ""));
      setUnread(null);
    } catch (error) {
      setUnread(error);
    }
  };
  const approve = useRef<HTMLButtonElement>(null);
  useKeys(({ key }) => {
    // One key never decides: it leads to the button or the field, and the next one does.
    if (key === "a") {
      if (kind === "budget") setMode("approve");
      else approve.current?.focus();
    } else if (key === "c" && takesText) void change();
    else if (key === "r" && takesRevision) setMode("revise");
    else if (key === "x") setMode("reject");
    else return false;
    return true;
  });
  const sendByKey = (event: KeyboardEvent<HTMLFormElement>): void => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.currentTarget.querySelector<HTMLButtonElement>("[data-send]:not(:disabled)")?.click();
  };
  return (
    // The key works in every field of the form.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <form className="decision" aria-label="Decide" onSubmit={(event) => event.preventDefault()} onKeyDown={sendByKey}>
      <div className="decision-ways">
        {kind !== "budget" && (
          <Button
            ref={approve}
            look="primary"
            busy={busy && decide.variables.decision === "approve"}
            disabled={busy}
            onClick={() => send({ decision: "approve" })}
          >
            <Check size={14} aria-hidden />
            {words.approve}
          </Button>
        )}
        {kind === "budget" && (
          <Way
            mode="approve"
            chosen={mode}
            onChoose={() => setMode("approve")}
            icon={<Check size={14} aria-hidden />}
            label={words.approve}
          />
        )}
        {takesText && (
          <Way
            mode="change"
            chosen={mode}
            onChoose={() => void change()}
            icon={<Pencil size={13} aria-hidden />}
            label={kind === "input" ? "Give the text" : "Approve with changes"}
          />
        )}
        {takesRevision && (
          <Way
            mode="revise"
            chosen={mode}
            onChoose={() => setMode("revise")}
            icon={<RotateCcw size={13} aria-hidden />}
            label="Ask to revise"
          />
        )}
        <Way
          mode="reject"
          chosen={mode}
          onChoose={() => setMode("reject")}
          icon={<X size={14} aria-hidden />}
          label={words.reject}
        />
      </div>
      {mode === "change" && answer !== null && (
        <>
          <Field
            label={kind === "input" ? "The text" : "The answer as it should be"}
            hint={
              kind === "input" ? "The code reads it." : "It takes the place of the agent's; later tasks read this one."
            }
          >
            <textarea
              className="answer-editor"
              dir="auto"
              rows={10}
              value={answer}
              onChange={(event) => setAnswer(event.target.value)}
            />
          </Field>
          <Comment value={comment} onChange={setComment} hint="Why, for whoever reads the trace. Not needed." />
          <Send
            label={kind === "input" ? "Send this text" : "Approve this answer"}
            busy={busy}
            disabled={answer.trim() === ""}
            onSend={() => send({ decision: "approve", output: answer })}
          />
        </>
      )}
      {mode === "revise" && (
        <>
          <Comment
            value={comment}
            onChange={setComment}
            hint={
              kind === "feedback"
                ? "The flow is told this, and goes on as its author laid it out."
                : "The agent reads this and answers again; then you are asked again."
            }
          />
          <Send
            label="Send back"
            busy={busy}
            disabled={comment.trim() === ""}
            onSend={() => send({ decision: "revise" })}
          />
        </>
      )}
      {mode === "reject" && (
        <>
          <Comment value={comment} onChange={setComment} hint={AFTER_REJECTION[kind]} />
          <Send label={words.reject} look="danger" busy={busy} onSend={() => send({ decision: "reject" })} />
        </>
      )}
      {mode === "approve" && kind === "budget" && (
        <BudgetForm approval={approval} busy={busy} onSend={(limits) => send({ decision: "approve", limits })} />
      )}
      {unread !== null && <Trouble error={unread} retry={() => void change()} />}
      {decide.error && <Trouble error={decide.error} />}
    </form>
  );
}

interface WayProps {
  mode: Mode;
  chosen: Mode | null;
  onChoose: () => void;
  icon: ReactNode;
  label: string;
}

function Way({ mode, chosen, onChoose, icon, label }: WayProps) {
  return (
    <Button aria-expanded={mode === chosen} onClick={onChoose}>
      {icon}
      {label}…
    </Button>
  );
}

function Comment({ value, onChange, hint }: { value: string; onChange: (value: string) => void; hint: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <Field label="Comment" hint={hint}>
      <textarea
        ref={field}
        dir="auto"
        rows={3}
        value={value}
        maxLength={COMMENT_MOST}
        onChange={(event) => onChange(event.target.value)}
      />
    </Field>
  );
}
