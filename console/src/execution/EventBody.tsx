import { useMemo } from "react";
import type { Json, TraceEvent } from "@/api/types";
import { asMessages, sharedBeginning, toolCalls } from "@/trace/messages";
import { hitsOf } from "@/trace/hits";
import { type Span, fact } from "@/trace/spans";
import { BodyViewer, Viewer } from "@/ui/Viewer";
import { useBody } from "@/ui/useBody";
import { Calls, Conversation, decoded } from "./Conversation";
import { Hits } from "./Hits";

/** Told by the facts of the panel, or by a section of its own. */
const SHOWN_ELSEWHERE = new Set([
  "usage",
  "cost_usd",
  "model",
  "tool_args",
  "tool_name",
  "call_id",
  "finish_reason",
  "query",
  "server_name",
  "from_cache",
  "approval",
  "decision",
  "decided_by",
  "comment",
  "question",
  "expires_at",
  "on_timeout",
  "deciders",
]);

/** The bodies of an event, by what it is: what went in, what came out. `before` is the model call it goes on from. */
export function EventBody({ span, before }: { span: Span; before: Span | undefined }) {
  const { first, last } = span;
  const name = `event-${first.id}`;
  const input = INPUT_NAMES[span.kind] ?? "At the start";
  const output = span.failed ? "Error" : (OUTPUT_NAMES[span.kind] ?? "At the end");
  const args = fact(span, "tool_args");
  const query = fact(span, "query");
  const rest = Object.entries({ ...first.extra_data, ...last?.extra_data }).filter(
    ([key, value]) => !SHOWN_ELSEWHERE.has(key) && value !== null,
  );
  const hasArgs = args !== undefined && args !== null && args !== "";
  const sections = [
    hasArgs && (
      <Section key="args" title="Arguments">
        <Viewer name={`${name}-arguments`} value={decoded(args)} />
      </Section>
    ),
    query !== undefined && (
      <Section key="query" title="Query">
        <Viewer name={`${name}-query`} value={query} />
      </Section>
    ),
    last && hasBody(last) && (
      <Section key="out" title={output} failed={span.failed}>
        <Output event={last} name={`${name}-output`} kind={span.failed ? null : span.kind} />
      </Section>
    ),
    // A tool's start has its arguments as its body, too, and a search's what it asks.
    hasBody(first) && !(hasArgs && last) && first.output !== query && (
      <Section key="in" title={last ? input : span.failed ? "Error" : input} failed={!last && span.failed}>
        {span.kind === "llm" ? (
          <Messages event={first} before={before?.first} name={`${name}-input`} />
        ) : (
          <Output event={first} name={`${name}-input`} />
        )}
      </Section>
    ),
    rest.length > 0 && (
      <Section key="rest" title="More facts">
        <Viewer name={`${name}-facts`} value={Object.fromEntries(rest) as Json} look="json" />
      </Section>
    ),
  ].filter(Boolean);
  if (!sections.length) return <p className="panel-note faint">This event carries nothing but its facts.</p>;
  return <>{sections}</>;
}

const INPUT_NAMES: Partial<Record<string, string>> = {
  llm: "Messages",
  agent: "Prompt",
  task: "Context",
  memory: "Asked",
  knowledge: "Asked",
  guardrail: "Rule",
  human: "To be judged",
  system: "What happened",
};
const OUTPUT_NAMES: Partial<Record<string, string>> = {
  llm: "Response",
  agent: "Answer",
  task: "Output",
  tool: "Result",
  mcp: "Result",
  memory: "Found",
  knowledge: "Found",
  crew: "Result",
  guardrail: "Result",
  reasoning: "Plan",
  human: "In their words",
};

function hasBody(event: TraceEvent): boolean {
  return event.output_reference !== null || (event.output !== null && event.output !== "");
}

export function Section({
  title,
  failed = false,
  children,
}: {
  title: string;
  failed?: boolean;
  children: React.ReactNode;
}) {
  return (
    <section className={failed ? "panel-section panel-failed" : "panel-section"}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** `kind` is what the event is one of, where its body may have a shape of its own. */
function Output({ event, name, kind = null }: { event: TraceEvent; name: string; kind?: Span["kind"] | null }) {
  const body = useBody(event.output as Json, event.output_reference);
  const calls = useMemo(
    () => (kind === "llm" && body.whole ? toolCalls(body.value) : []),
    [kind, body.whole, body.value],
  );
  if (calls.length) return <Calls calls={calls} name={name} />;
  const hits = kind === "memory" && body.whole ? hitsOf(body.value) : null;
  if (hits) return <Hits hits={hits} />;
  return <BodyViewer name={name} body={body} bytes={event.output_reference?.bytes ?? 0} />;
}

/** What a model was sent, as a conversation whatever its size. */
function Messages({ event, before, name }: { event: TraceEvent; before: TraceEvent | undefined; name: string }) {
  const body = useBody(event.output as Json, event.output_reference);
  const earlier = useBody(before?.output as Json | undefined, before?.output_reference);
  const messages = useMemo(() => (body.whole ? asMessages(body.value) : null), [body.whole, body.value]);
  const shared = useMemo(
    () => (messages && earlier.whole ? sharedBeginning(messages, asMessages(earlier.value)) : 0),
    [messages, earlier.whole, earlier.value],
  );
  if (!messages) return <BodyViewer name={name} body={body} bytes={event.output_reference?.bytes ?? 0} />;
  if (!earlier.whole && earlier.loading) return <p className="faint">Comparing with the call before…</p>;
  return <Conversation messages={messages} shared={shared} name={name} />;
}
