import type { Json } from "@/api/types";
import { beginningOf } from "@/lib/body";
import { preview, unmarked } from "@/lib/text";
import { DECIDED, typeName } from "./kinds";
import { asMessages, toolCalls } from "./messages";
import { type Span, fact, textFact } from "./spans";

/** What a line says: what happened first, how it came out, and last what it was done with. */
export interface Told {
  label: string;
  /** What was decided, asked or returned. */
  text: string;
  /** What came of a tool's call; "" where there is nothing to tell apart. */
  outcome: string;
  /** The model's name, or the server's. */
  aside: string;
}

const LENGTH = 200;
const told = new WeakMap<Span, { last: unknown; told: Told }>();

/** A span does not change once its end is told, so neither does its line. */
export function storyOf(span: Span): Told {
  const known = told.get(span);
  if (known && known.last === span.last) return known.told;
  const made = tell(span);
  told.set(span, { last: span.last, told: made });
  return made;
}

function tell(span: Span): Told {
  const { first } = span;
  const context = span.last?.event_context || first.event_context;
  switch (span.kind) {
    case "llm":
      return { ...callOf(span), outcome: "", aside: textFact(span, "model") || context };
    case "tool":
    case "mcp":
      return toolOf(span, context || typeName(first.kind));
    case "human":
      return { label: typeName(first.kind), text: decisionOf(span), outcome: "", aside: "" };
    case "agent":
      return { label: first.agent_role ?? "Agent", text: bodyOf(span), outcome: "", aside: "" };
    case "task":
      return { label: first.task_name ?? "Task", text: bodyOf(span), outcome: "", aside: "" };
    default: {
      const said = new Set([first.agent_role, first.task_name, typeName(first.kind)]);
      return {
        label: typeName(first.kind),
        text: bodyOf(span),
        outcome: "",
        aside: said.has(context) ? "" : context,
      };
    }
  }
}

/** A model call: the tools it decided to use, or its answer; of one under way, how its question ends. */
function callOf(span: Span): Pick<Told, "label" | "text"> {
  const { first, last } = span;
  const name = typeName(first.kind);
  if (!last) {
    const question = asMessages(first.output as Json)?.at(-1)?.content;
    return {
      label: span.end === null ? `${name} …` : name,
      text: preview(question ? asText(question) : bodyOf(span), LENGTH),
    };
  }
  const calls = span.failed ? [] : toolCalls(last.output as Json);
  if (calls.length) {
    return { label: "Decided", text: calls.map((call) => `${call.name}(${shortArgs(call.args)})`).join(", ") };
  }
  return { label: span.failed ? `${name} failed` : "Answered", text: unmarked(bodyOf(span)) };
}

function toolOf(span: Span, name: string): Told {
  const args = shortArgs(fact(span, "tool_args") ?? null);
  const { last } = span;
  const outcome = last ? bodyOf(span) : "";
  return { label: name, text: args && `(${args})`, outcome, aside: textFact(span, "server_name") };
}

/** `topic: tides, count: 3`. */
function shortArgs(args: Json): string {
  const value = typeof args === "string" ? parsed(args) : args;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return preview(asText(value), 120);
  const parts = Object.entries(value).map(([key, each]) => `${key}: ${asText(each)}`);
  return preview(parts.join(", "), 120);
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** What was decided by whom; what is asked, while nobody has. */
function decisionOf(span: Span): string {
  const decision = textFact(span, "decision");
  if (!decision) return preview(textFact(span, "question"), LENGTH);
  const by = textFact(span, "decided_by");
  const comment = textFact(span, "comment");
  const who = by ? `by ${by}` : "because nobody decided in time";
  return preview(`${DECIDED[decision] ?? decision} ${who}${comment && `: ${comment}`}`, LENGTH);
}

function bodyOf({ first, last, failed }: Span): string {
  const event = last ?? first;
  const text = event.output_reference ? beginningOf(event.output_reference) : asText(event.output as Json);
  return preview(failed ? plainError(text) : text, LENGTH);
}

function asText(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * The sentence in an error that a Python library printed as a dictionary:
 * `Error code: 500 - {'error': {'message': 'It is down', …}}` → `It is down (Error code: 500)`.
 */
export function plainError(text: string): string {
  const inside = /^(.*?)[\s-]*\{.*?['"]message['"]\s*:\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/s.exec(text);
  const message = inside?.[2] ?? inside?.[3];
  if (!inside || !message) return text;
  const before = inside[1]?.trim().replace(/[-:]\s*$/, "");
  return `${message.replace(/\\(.)/g, "$1")}${before ? ` (${before})` : ""}`;
}
