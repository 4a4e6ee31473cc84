import type { EventSource, Json } from "@/api/types";
import { preview } from "@/lib/text";
import { DECIDED, typeName } from "./kinds";
import { asMessages, toolCalls } from "./messages";
import { type Span, textFact } from "./spans";
import type { TreeNode } from "./tree";

export interface Filter {
  kinds: ReadonlySet<EventSource>;
  agent: string;
  search: string;
  failures: boolean;
  everything: boolean;
}

export const NO_FILTER: Filter = { kinds: new Set(), agent: "", search: "", failures: false, everything: false };

export interface Row {
  node: TreeNode;
  depth: number;
  expandable: boolean;
  expanded: boolean;
}

/** The lines to show, top to bottom. `closed` are ids a person closed. */
export function visibleRows(roots: readonly TreeNode[], filter: Filter, closed: ReadonlySet<string>): Row[] {
  const search = filter.search.trim().toLowerCase();
  const narrowed = search !== "" || filter.kinds.size > 0 || filter.failures;
  const rows: Row[] = [];
  const matches = (line: TreeNode): boolean => {
    if (line.type === "gap") return true;
    if (line.noise && !filter.everything && !(filter.failures && line.failed)) return false;
    if (filter.kinds.size && !(line.span && filter.kinds.has(line.kind))) return false;
    if (filter.failures && !(line.span && line.failed)) return false;
    return !search || searchable(line).includes(search);
  };
  /** Answers whether anything was shown for the line. */
  const visit = (line: TreeNode, depth: number): boolean => {
    const hidden = line.noise && !filter.everything && !(filter.failures && line.failed);
    if (hidden) return line.children.map((child) => visit(child, depth)).some(Boolean);
    const at = rows.length;
    const expandable = line.children.length > 0;
    const expanded = expandable && (narrowed || !closed.has(line.id));
    rows.push({ node: line, depth, expandable, expanded });
    const below = expanded && line.children.map((child) => visit(child, depth + 1)).some(Boolean);
    if (narrowed && !below && !matches(line)) {
      rows.length = at;
      return false;
    }
    return true;
  };
  for (const line of roots) {
    if (filter.agent && line.type === "agent" && line.label !== filter.agent) continue;
    visit(line, 0);
  }
  return rows;
}

const texts = new WeakMap<Span, { last: unknown; text: string }>();

function searchable(line: TreeNode): string {
  const label = line.label.toLowerCase();
  if (!line.span) return label;
  const { first, last } = line.span;
  const known = texts.get(line.span);
  if (known && known.last === last) return label + known.text;
  const parts = [first, last].flatMap((event) =>
    event
      ? [
          event.event_type,
          event.event_context,
          event.agent_role,
          event.task_name,
          asText(event.output as Json),
          asText(event.extra_data as Json),
          event.output_reference?.preview,
        ]
      : [],
  );
  const text = parts.filter(Boolean).join("\n").toLowerCase();
  texts.set(line.span, { last, text });
  return label + text;
}

function asText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What was decided by whom; what is asked, while nobody has. */
function feedbackText(span: Span): string {
  const decision = textFact(span, "decision");
  if (!decision) return preview(textFact(span, "question"), 160);
  const by = textFact(span, "decided_by");
  const comment = textFact(span, "comment");
  return preview(
    `${DECIDED[decision] ?? decision} ${by ? `by ${by}` : "because nobody decided in time"}${comment && `: ${comment}`}`,
    160,
  );
}

interface Detail {
  name: string;
  text: string;
}

const details = new WeakMap<Span, Detail>();

/** What a line says beside its name: who, which, and how the answer begins. A span does not change once it is made. */
export function detailOf(span: Span): Detail {
  let detail = details.get(span);
  if (!detail) details.set(span, (detail = makeDetail(span)));
  return detail;
}

function makeDetail(span: Span): Detail {
  const { first, last } = span;
  const context = last?.event_context ?? first.event_context;
  const said = new Set([first.agent_role, first.task_name, typeName(first.event_type)]);
  const name = context && !said.has(context) ? context : "";
  if (span.kind === "human") return { name: "", text: feedbackText(span) };
  if (span.kind === "llm" && !last) {
    // Of a call that has no answer yet, how its question ends.
    const question = asMessages(first.output as Json)?.at(-1)?.content;
    if (question) return { name, text: preview(asText(question), 160) };
  }
  const told = last ?? first;
  const body = told.output_reference?.preview ?? asText(told.output as Json);
  const calls =
    last && span.kind === "llm"
      ? toolCalls(last.output as Json).map((call) => `${call.name} ${asText(call.args)}`)
      : [];
  const text =
    span.kind === "tool" && !span.failed
      ? asText((first.extra_data["tool_args"] ?? null) as Json)
      : calls.length
        ? `calls ${calls.join(", ")}`
        : body;
  return { name, text: text === "null" ? "" : preview(text, 160) };
}
