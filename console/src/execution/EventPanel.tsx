import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { formatCost, formatDateTime, formatDuration, formatNumber, formatOffset } from "@/lib/format";
import { harmless } from "@/lib/text";
import { DECIDED, kindName, typeName } from "@/trace/kinds";
import { type Span, fact, textFact } from "@/trace/spans";
import { Copy } from "@/ui/Copy";
import { IconButton } from "@/ui/kit";
import { KindIcon } from "@/ui/KindIcon";
import { EventBody } from "./EventBody";

interface Props {
  span: Span | undefined;
  origin: number;
  eventId: string;
  onClose: () => void;
  onMove: (by: 1 | -1) => void;
  /** Its line's place; below 0 when the filter hides it. */
  position: number;
}

/** Everything one event (a started and its finished one are one) has to say. */
export function EventPanel({ span, origin, eventId, onClose, onMove, position }: Props) {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    // In braces: newer browsers answer a promise here, which is no cleanup.
    panel.current?.scrollTo({ top: 0 });
  }, [eventId]);
  return (
    <aside ref={panel} className="panel" aria-label="Event">
      <header className="panel-head">
        {span && <KindIcon kind={span.kind} size={16} />}
        <h2>{span ? title(span) : `Event ${eventId}`}</h2>
        <div className="panel-tools">
          <IconButton label="Previous (k)" onClick={() => onMove(-1)}>
            <ChevronUp size={16} aria-hidden />
          </IconButton>
          <IconButton label="Next (j)" onClick={() => onMove(1)}>
            <ChevronDown size={16} aria-hidden />
          </IconButton>
          <Copy link label="Copy a link to this event" text={() => window.location.href} />
          <IconButton label="Close (Esc)" onClick={onClose}>
            <X size={16} aria-hidden />
          </IconButton>
        </div>
      </header>
      {span ? (
        <>
          <Facts span={span} origin={origin} />
          {position < 0 && <p className="panel-note faint">The filter hides this event in the timeline.</p>}
          <EventBody span={span} />
        </>
      ) : (
        <p className="panel-note">This event is not in the trace (yet).</p>
      )}
    </aside>
  );
}

function title(span: Span): string {
  const { first } = span;
  if (span.kind === "task") return first.task_name ?? "Task";
  if (span.kind === "tool" || span.kind === "mcp") return first.event_context || typeName(first.event_type);
  return typeName(first.event_type);
}

function Facts({ span, origin }: { span: Span; origin: number }) {
  const { first, last } = span;
  const usage = fact(span, "usage");
  const tokens = typeof usage === "object" && usage !== null && !Array.isArray(usage) ? usage : null;
  const state = span.failed ? "failed" : span.end === null ? "running" : span.cut ? "unfinished" : "";
  const rows: [string, React.ReactNode][] = [
    [
      "Kind",
      <>
        {kindName(span.kind)}
        {state && <span className={`tag tag-${state}`}>{state}</span>}
      </>,
    ],
    ["Duration", span.end === null ? "running" : formatDuration(span.end - span.start)],
    [
      "Started",
      <span title={formatDateTime(first.emitted_at)}>
        {formatOffset(span.start - origin)} <span className="faint">{formatDateTime(first.emitted_at)}</span>
      </span>,
    ],
    ["Agent", first.agent_role],
    ["Task", first.task_name],
    ["Model", fact(span, "model") as string | undefined],
    ["Tokens", tokens && <TokenFacts usage={tokens as Record<string, number>} />],
    ["Cost", fact(span, "cost_usd") === undefined ? null : formatCost(fact(span, "cost_usd") as number | null)],
    ["Stopped because", fact(span, "finish_reason") as string | undefined],
    ["Server", (fact(span, "server_name") ?? fact(span, "server_url")) as string | undefined],
    ["Asked", textFact(span, "question")],
    ["Decided", decisionOf(span)],
    ["Comment", harmless(textFact(span, "comment"))],
    ["From the cache", fact(span, "from_cache") === true ? "yes" : null],
    [
      "Event",
      <code>
        {last ? `${first.id} – ${last.id}` : first.id} {first.event_type}
      </code>,
    ],
  ];
  return (
    <dl className="panel-facts">
      {rows.map(
        ([name, value]) =>
          value !== null &&
          value !== undefined &&
          value !== "" && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function decisionOf(span: Span): string {
  if (span.kind !== "human") return "";
  const decision = textFact(span, "decision");
  if (!decision) return span.cut ? "by nobody: the execution ended" : "not yet";
  return `${DECIDED[decision] ?? decision} by ${textFact(span, "decided_by") || "nobody in time"}`;
}

function TokenFacts({ usage }: { usage: Record<string, number> }) {
  const more = [
    [usage["cached_prompt_tokens"], "cached"],
    [usage["reasoning_tokens"], "reasoning"],
  ] as const;
  return (
    <>
      {formatNumber(usage["prompt_tokens"] ?? 0)} in, {formatNumber(usage["completion_tokens"] ?? 0)} out
      {more.map(([count, name]) =>
        count ? (
          <span key={name} className="faint">
            , {formatNumber(count)} {name}
          </span>
        ) : null,
      )}
    </>
  );
}
