import type { Row } from "@/trace/rows";
import { TimelineRow } from "./TimelineRow";

interface Props {
  rows: Row[];
  /** The uppermost line in sight. */
  first: number;
  origin: number;
  from: number;
  length: number;
  now: number;
  rowHeight: number;
  onChoose: (row: Row) => void;
}

/** The agent and the task that the uppermost lines belong to, when their own lines have scrolled away. */
export function StickyParents({ rows, first, origin, from, length, now, rowHeight, onChoose }: Props) {
  const parents = parentsOf(rows, first);
  if (!parents.length) return null;
  return (
    <div className="timeline-sticky" aria-hidden>
      {parents.map((row, index) => (
        <TimelineRow
          key={row.node.id}
          copy
          row={row}
          top={index * rowHeight}
          origin={origin}
          from={from}
          length={length}
          now={now}
          chosen={false}
          onChoose={onChoose}
          onToggle={() => undefined}
        />
      ))}
    </div>
  );
}

const LEVELS = 2;

/** The copies cover lines themselves, so the second one is that of the line below the first copy. */
function parentsOf(rows: Row[], first: number): Row[] {
  const found: Row[] = [];
  while (found.length < LEVELS) {
    const at = first + found.length;
    const wanted = chainOf(rows[at])[found.length];
    let index = at;
    while (index >= 0 && rows[index]?.node.id !== wanted) index--;
    const row = rows[index];
    if (wanted === undefined || index === at || !row) break;
    found.push(row);
  }
  return found;
}

/** The ids of the agent and the task above a line. */
function chainOf(row: Row | undefined): string[] {
  const chain: string[] = [];
  for (let each = row?.node; each; each = each.parent) {
    if (each.type === "agent" || each.type === "task") chain.unshift(each.id);
  }
  return chain;
}
