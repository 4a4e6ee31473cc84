// Before the rules of its own below, which add to it, whichever part of the console is loaded first.
import "@/styles/index.css";
import "./kit.css";
import "./forms.css";
import "./page.css";
import { Loader2, TriangleAlert } from "lucide-react";
import { Tooltip } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { ApiProblem, Unreachable } from "@/api/client";

type ButtonProps = ComponentProps<"button"> & { look?: "plain" | "primary" | "danger" | "quiet"; busy?: boolean };

export function Button({ look = "plain", busy = false, className = "", children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button button-${look} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy}
      {...rest}
    >
      {busy && <Loader2 className="spin" size={14} aria-hidden />}
      {children}
    </button>
  );
}

/** A button that is only an icon; its name is told on hover and to screen readers. */
export function IconButton({ label, children, className = "", ...rest }: ComponentProps<"button"> & { label: string }) {
  return (
    <Hint text={label}>
      <button type="button" className={`icon-button ${className}`} aria-label={label} {...rest}>
        {children}
      </button>
    </Hint>
  );
}

export function Hint({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" sideOffset={6} collisionPadding={8}>
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

export function Loading({ label = "Loading…" }: { label?: string }) {
  return (
    <div className="notice" role="status">
      <Loader2 className="spin" size={16} aria-hidden />
      <span>{label}</span>
    </div>
  );
}

/** A view with nothing in it: what is so, and what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action && <div className="empty-action">{action}</div>}
    </div>
  );
}

/** What went wrong, in the API's own words, and the remedy it names. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { title, remedy, request } = explain(error);
  return (
    <div className="trouble" role="alert">
      <TriangleAlert size={16} aria-hidden />
      <div>
        <p className="trouble-title">{title}</p>
        {remedy && <p>{remedy}</p>}
        {request && <p className="faint">Request {request}</p>}
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

function explain(error: unknown): { title: string; remedy: string; request: string } {
  if (error instanceof ApiProblem) {
    return { title: error.problem.detail, remedy: error.problem.remedy, request: error.problem.request_id ?? "" };
  }
  if (error instanceof Unreachable) {
    return { title: error.message, remedy: "Check your connection; the page goes on by itself.", request: "" };
  }
  return { title: error instanceof Error ? error.message : String(error), remedy: "", request: "" };
}

export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string;
  children: ReactNode;
}) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      {children}
      {hint && !error && <span className="field-hint">{hint}</span>}
      {error && <span className="field-error">{error}</span>}
    </label>
  );
}
