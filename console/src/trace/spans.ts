import type { EventSource, Json, TraceEvent } from "@/api/types";

/** What a started event and its finished one say together; or one event that stands alone. Times in ms since 1970. */
export interface Span {
  /** `<attempt>.<sequence>` of its first event; the same before and after it finishes. */
  id: string;
  attempt: number;
  sequence: number;
  kind: EventSource;
  base: string;
  first: TraceEvent;
  last: TraceEvent | undefined;
  start: number;
  /** null while it runs, or when its end was never told. */
  end: number | null;
  failed: boolean;
  /** Its end was never told and never will be: its attempt died, or was stopped. `end` is then the last sign of life. */
  cut: boolean;
  parent: Span | undefined;
  children: Span[];
  tokens: number;
  cost: number | null;
}

/** The attempt under which the platform itself tells what the runner could not. */
export const SYSTEM_ATTEMPT = 9999;

/** Pairs events and puts them below their scopes. Events come in order. `ended`: nothing runs any more. */
export function makeSpans(events: readonly TraceEvent[], ended: boolean): { all: Span[]; roots: Span[] } {
  const known = new Map<string, Span>();
  const all: Span[] = [];
  const roots: Span[] = [];
  const lastSign = new Map<number, number>();
  const asked = new Map<number, Span>();
  for (const event of events) {
    lastSign.set(event.attempt, Date.parse(event.emitted_at));
    const opened = startOf(event, known, asked);
    if (opened && !opened.last) {
      finish(opened, event);
      continue;
    }
    const span = spanOf(event);
    span.parent = event.parent_sequence === null ? undefined : known.get(`${event.attempt}.${event.parent_sequence}`);
    (span.parent?.children ?? roots).push(span);
    known.set(span.id, span);
    all.push(span);
    const question = questionOf(event);
    if (question !== null) asked.set(question, span);
  }
  const newest = Math.max(...[...lastSign.keys()].filter((attempt) => attempt < SYSTEM_ATTEMPT));
  const veryLast = Math.max(...lastSign.values());
  for (const span of all) {
    // A question to people outlives the attempt that asked it.
    const lives = span.kind === "human" ? !ended : !ended && span.attempt >= newest;
    if (span.end !== null || lives) continue;
    span.cut = true;
    span.end = Math.max(span.start, span.kind === "human" ? veryLast : (lastSign.get(span.attempt) ?? span.start));
  }
  return { all, roots };
}

/** What the event ends. A person's answer comes in a later attempt than the question, so that pair shares a number. */
function startOf(event: TraceEvent, known: Map<string, Span>, asked: Map<number, Span>): Span | undefined {
  const question = questionOf(event);
  if (question !== null) return asked.get(question);
  return event.pairs_with === null ? undefined : known.get(event.pairs_with);
}

function questionOf({ event_source: source, extra_data: extra }: TraceEvent): number | null {
  const number = (extra as Record<string, Json | undefined>)["approval"];
  return source === "human" && typeof number === "number" ? number : null;
}

function spanOf(event: TraceEvent): Span {
  const at = Date.parse(event.emitted_at);
  const alone = event.phase !== "start";
  return {
    id: event.id,
    attempt: event.attempt,
    sequence: event.sequence,
    kind: event.event_source,
    base: event.kind,
    first: event,
    last: undefined,
    start: alone ? at - (event.duration_ms ?? 0) : at,
    end: alone ? at : null,
    failed: alone && event.failed,
    cut: false,
    parent: undefined,
    children: [],
    ...(alone ? spent(event) : { tokens: 0, cost: null }),
  };
}

function finish(span: Span, event: TraceEvent): void {
  span.last = event;
  span.end = event.duration_ms === null ? Date.parse(event.emitted_at) : span.start + event.duration_ms;
  span.failed = event.failed;
  Object.assign(span, spent(event));
}

function spent(event: TraceEvent): { tokens: number; cost: number | null } {
  const { usage, cost_usd: cost } = event.extra_data as Record<string, Json | undefined>;
  const total =
    typeof usage === "object" && usage !== null && !Array.isArray(usage) ? usage["total_tokens"] : undefined;
  return { tokens: typeof total === "number" ? total : 0, cost: typeof cost === "number" ? cost : null };
}

/** A field of the pair's small facts; what the end says wins. */
export function fact(span: Span, name: string): Json | undefined {
  const last = span.last?.extra_data as Record<string, Json> | undefined;
  return last?.[name] ?? (span.first.extra_data as Record<string, Json>)[name];
}

export function textFact(span: Span, name: string): string {
  const value = fact(span, name);
  return typeof value === "string" ? value : "";
}
