import type { EventSource, Gap } from "@/api/types";
import type { Span } from "./spans";

type NodeKind = "phase" | "start" | "end" | "system" | "attempt" | "agent" | "task" | "span" | "gap";

/** One line of the timeline. Ids do not change as the trace grows, so what is open and chosen stays so. */
export interface TreeNode {
  id: string;
  type: NodeKind;
  kind: EventSource;
  label: string;
  span: Span | undefined;
  gap: Gap | undefined;
  parent: TreeNode | undefined;
  children: TreeNode[];
  start: number;
  end: number | null;
  failed: boolean;
  tokens: number;
  /** US dollars; null while no priced call stands below. */
  cost: number | null;
  /** Events of the orchestration and the management of tasks: told by the tree itself, so hidden unless asked for. */
  noise: boolean;
  /** It failed, and nothing below it did: this is where a failure came from. */
  cause: boolean;
}

export function makeNode(
  type: NodeKind,
  id: string,
  kind: EventSource,
  label: string,
  span: Span | undefined,
): TreeNode {
  return {
    id,
    type,
    kind,
    label,
    span,
    gap: undefined,
    parent: undefined,
    children: [],
    start: span?.start ?? Infinity,
    end: span ? span.end : 0,
    failed: span?.failed ?? false,
    tokens: span?.tokens ?? 0,
    cost: span?.cost ?? null,
    noise: false,
    cause: false,
  };
}
