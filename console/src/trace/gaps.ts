import type { Gap } from "@/api/types";
import { type TreeNode, makeNode } from "./nodes";

/** Puts a line for what is missing behind the last event before it. */
export function insertGap(roots: TreeNode[], nodes: Map<string, TreeNode>, gap: Gap): void {
  const before = lastBefore(nodes, gap);
  const line = makeNode("gap", `gap:${gap.attempt}.${gap.first}`, "system", gapText(gap), undefined);
  const at = before?.start ?? 0;
  Object.assign(line, { gap, start: at, end: at });
  const list = before ? listOf(roots, before) : roots;
  list.splice(before ? list.indexOf(before) + 1 : 0, 0, line);
}

function lastBefore(nodes: Map<string, TreeNode>, gap: Gap): TreeNode | undefined {
  let found: TreeNode | undefined;
  for (const candidate of nodes.values()) {
    const span = candidate.span;
    if (span?.attempt === gap.attempt && span.sequence < gap.first && span.sequence > (found?.span?.sequence ?? 0)) {
      found = candidate;
    }
  }
  return found;
}

function listOf(list: TreeNode[], wanted: TreeNode): TreeNode[] {
  if (list.includes(wanted)) return list;
  for (const each of list) {
    const found = each.children.length ? listOf(each.children, wanted) : [];
    if (found.includes(wanted)) return found;
  }
  return [];
}

export function gapText({ attempt, first, last }: Gap): string {
  const where = attempt > 1 ? ` of attempt ${attempt}` : "";
  if (last === null || last === undefined) return `Events from ${first} on${where} are missing`;
  return first === last ? `Event ${first}${where} is missing` : `Events ${first}–${last}${where} are missing`;
}
