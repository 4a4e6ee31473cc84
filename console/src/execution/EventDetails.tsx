import { formatCost, formatDateTime, formatDuration, formatMoment, formatNumber } from "@/lib/format";
import { harmless } from "@/lib/text";
import { DECIDED, kindName, typeName } from "@/trace/kinds";
import { type Span, fact, textFact } from "@/trace/spans";
import type { TraceTree } from "@/trace/tree";
import { EventBody } from "./EventBody";
import { type FactRow, Facts } from "@/ui/Facts";

/** What one event (a started and its finished one are one) has to say. */
export function EventDetails({ span, tree }: { span: Span; tree: TraceTree }) {
  return (
    <>
      <EventFacts span={span} origin={tree.start} />
      <EventBody span={span} before={span.kind === "llm" ? callBefore(span, tree) : undefined} />
    </>
  );
}

/** The model call of the same agent at the same task that was made before this one. */
function callBefore(span: Span, tree: TraceTree): Span | undefined {
  let found: Span | undefined;
  for (const each of tree.spans.values()) {
    if (each === span) return found;
    const same = each.first.agent_role === span.first.agent_role && each.first.task_name === span.first.task_name;
    if (each.kind === "llm" && same && each.start <= span.start) found = each;
  }
  return found;
}

/** What the event is called at the top of its panel. */
export function titleOf(span: Span): string {
  const { first } = span;
  if (span.kind === "task") return first.task_name ?? "Task";
  if (span.kind === "tool" || span.kind === "mcp") return first.event_context || typeName(first.kind);
  return typeName(first.kind);
}

function EventFacts({ span, origin }: { span: Span; origin: number }) {
  const { first, last } = span;
  const usage = fact(span, "usage");
  const tokens = typeof usage === "object" && usage !== null && !Array.isArray(usage) ? usage : null;
  const state = span.failed ? "failed" : span.end === null ? "running" : span.cut ? "unfinished" : "";
  const rows: FactRow[] = [
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
        {formatMoment(span.start - origin)} <span className="faint">{formatDateTime(first.emitted_at)}</span>
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
  return <Facts className="panel-facts" rows={rows} />;
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
