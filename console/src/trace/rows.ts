import type { EventSource, Json } from "@/api/types";
import { beginningOf } from "@/lib/body";
import type { Span } from "./spans";
import type { TreeNode } from "./nodes";

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

const NONE: ReadonlySet<string> = new Set();

/**
 * The lines to show, top to bottom. `closed` are ids a person closed, `found` ids of events the server found the search
 * in, because their bodies are not here.
 */
export function visibleRows(
  roots: readonly TreeNode[],
  filter: Filter,
  closed: ReadonlySet<string>,
  found: ReadonlySet<string> = NONE,
): Row[] {
  const search = filter.search.trim().toLowerCase();
  const narrowed = search !== "" || filter.kinds.size > 0 || filter.failures;
  const rows: Row[] = [];
  const matches = (line: TreeNode): boolean => {
    if (line.type === "gap") return true;
    if (filter.kinds.size && !(line.span && filter.kinds.has(line.kind))) return false;
    if (filter.failures && !line.cause) return false;
    return !search || searchable(line).includes(search) || foundIn(line);
  };
  const foundIn = ({ span }: TreeNode): boolean =>
    span !== undefined && (found.has(span.first.id) || (span.last !== undefined && found.has(span.last.id)));
  /** Answers whether anything was shown for the line. */
  const visit = (line: TreeNode, depth: number): boolean => {
    const hidden = line.noise && !filter.everything;
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
          event.output_reference && beginningOf(event.output_reference),
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
