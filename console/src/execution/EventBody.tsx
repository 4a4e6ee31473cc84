import { useState } from "react";
import type { Json, TraceEvent } from "@/api/types";
import { harmless, preview } from "@/lib/text";
import { type Span, fact } from "@/trace/spans";
import { Viewer, textOf } from "@/ui/Viewer";
import { asMessages, type Message, type ToolCall, toolCalls } from "@/trace/messages";

/** The bodies of an event, by what it is: what went in, what came out. */
export function EventBody({ span }: { span: Span }) {
  const { first, last } = span;
  const name = `event-${first.id}`;
  const input = INPUT_NAMES[span.kind] ?? "At the start";
  const output = span.failed ? "Error" : (OUTPUT_NAMES[span.kind] ?? "At the end");
  const args = fact(span, "tool_args");
  const query = fact(span, "query");
  const hidden = new Set([
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
  const rest = Object.entries({ ...first.extra_data, ...last?.extra_data }).filter(
    ([key, value]) => !hidden.has(key) && value !== null,
  );
  const sections = [
    args !== undefined && args !== null && args !== "" && (
      <Section key="args" title="Arguments">
        <Viewer name={`${name}-arguments`} value={parsed(args)} />
      </Section>
    ),
    query !== undefined && (
      <Section key="query" title="Query">
        <Viewer name={`${name}-query`} value={query} />
      </Section>
    ),
    last && hasBody(last) && (
      <Section key="out" title={output} failed={span.failed}>
        <Body event={last} name={`${name}-output`} answer={span.kind === "llm" && !span.failed} />
      </Section>
    ),
    hasBody(first) && (
      <Section key="in" title={last ? input : span.failed ? "Error" : input} failed={!last && span.failed}>
        <Body event={first} name={`${name}-input`} messages={span.kind === "llm"} />
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
  guardrail: "Verdict",
  reasoning: "Plan",
  human: "In their words",
};

function hasBody(event: TraceEvent): boolean {
  return event.output_reference !== null || (event.output !== null && event.output !== "");
}

/** Tool arguments may come as the model wrote them: JSON as text. */
function parsed(value: Json): Json {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return value;
  }
}

function Section({ title, failed = false, children }: { title: string; failed?: boolean; children: React.ReactNode }) {
  return (
    <section className={failed ? "panel-section panel-failed" : "panel-section"}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Body({
  event,
  name,
  messages = false,
  answer = false,
}: {
  event: TraceEvent;
  name: string;
  messages?: boolean;
  answer?: boolean;
}) {
  const calls = answer ? toolCalls(event.output as Json) : [];
  if (calls.length) return <Calls calls={calls} name={name} />;
  const conversation = messages && !event.output_reference ? asMessages(event.output as Json) : null;
  if (conversation) return <Conversation messages={conversation} name={name} />;
  return <Viewer name={name} value={event.output as Json} reference={event.output_reference} />;
}

function Conversation({ messages, name }: { messages: Message[]; name: string }) {
  return (
    <ol className="messages">
      {messages.map((message, index) => (
        <MessageView key={index} message={message} name={`${name}-${index + 1}`} open={index === messages.length - 1} />
      ))}
    </ol>
  );
}

/** Long conversations are read from their end, so only the last message stands open. */
function MessageView({ message, name, open }: { message: Message; name: string; open: boolean }) {
  const [shown, setShown] = useState(open);
  const text = textOf(message.content);
  const calls = message.calls.map((call) => call.name).join(", ");
  return (
    <li className={`message message-${message.role}`}>
      <button type="button" className="message-head" aria-expanded={shown} onClick={() => setShown(!shown)}>
        <span className="message-role">{message.role}</span>
        {!shown && <span className="message-preview">{preview(text, 120) || (calls && `calls ${calls}`)}</span>}
      </button>
      {shown && (
        <div className="message-body">
          {text && <Viewer name={name} value={message.content} />}
          <Calls calls={message.calls} name={name} />
        </div>
      )}
    </li>
  );
}

function Calls({ calls, name }: { calls: ToolCall[]; name: string }) {
  return calls.map((call, index) => (
    <div key={index} className="message-call">
      <p>
        Calls <code>{harmless(call.name)}</code> with
      </p>
      <Viewer name={`${name}-call-${index + 1}`} value={parsed(call.args)} />
    </div>
  ));
}
