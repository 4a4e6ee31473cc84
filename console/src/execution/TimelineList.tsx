import { useVirtualizer } from "@tanstack/react-virtual";
import { type Ref, useEffect, useId, useImperativeHandle, useMemo, useRef } from "react";
import { formatDuration } from "@/lib/format";
import type { Row } from "@/trace/rows";
import { ticks } from "@/trace/time";
import type { TraceTree } from "@/trace/tree";
import { TimelineRow } from "./TimelineRow";

const ROW_HEIGHT = 30;
const OVERSCAN = 6;
/** Until the list has been laid out. Pixels. */
const MOST_HEIGHT = 1_000;

export interface TimelineHandle {
  scrollTo: (index: number) => void;
}

interface Props {
  ref: Ref<TimelineHandle>;
  rows: Row[];
  tree: TraceTree;
  end: number;
  chosenId: string | null;
  onChoose: (row: Row, open: boolean) => void;
  onToggle: (id: string) => void;
}

/** The tree beside the waterfall. Only what can be seen is in the page, however long the trace. */
export function TimelineList({ ref, rows, tree, end, chosenId, onChoose, onToggle }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  });
  // Lines that leave on one side are used again on the other: a change of text costs far less than new elements.
  const items = virtual.getVirtualItems();
  const slots = Math.ceil((scroller.current?.clientHeight ?? MOST_HEIGHT) / ROW_HEIGHT) + 2 * OVERSCAN + 2;
  useImperativeHandle(ref, () => ({ scrollTo: (index) => virtual.scrollToIndex(index, { align: "auto" }) }), [virtual]);
  const linked = useRef(false);
  useEffect(() => {
    // A link to an event brings it into view once; afterwards the place belongs to the person.
    if (linked.current || !chosenId) return;
    const index = rows.findIndex(({ node }) => node.id === chosenId);
    if (index < 0) return;
    linked.current = true;
    virtual.scrollToIndex(index, { align: "center" });
  }, [rows, chosenId, virtual]);
  const total = Math.max(1, end - tree.start);
  const marks = useMemo(() => ticks(total, 6), [total]);
  const chosenIndex = rows.findIndex(({ node }) => node.id === chosenId);
  const active = chosenIndex >= 0 && items.some(({ index }) => index === chosenIndex);
  return (
    <div className="timeline-list">
      <div className="timeline-axis" aria-hidden>
        <span className="cell-name">Event</span>
        <span className="cell-tokens">Tokens</span>
        <span className="cell-duration">Duration</span>
        <span className="cell-offset">At</span>
        <span className="cell-bar">
          {marks.map((at) => (
            <span key={at} className="tick-label" style={{ left: `${(at / total) * 100}%` }}>
              {at === 0 ? "0" : formatDuration(at)}
            </span>
          ))}
        </span>
      </div>
      <div
        ref={scroller}
        className="timeline-scroll"
        role="tree"
        aria-label="Timeline"
        tabIndex={0}
        aria-activedescendant={active ? `${prefix}-${chosenIndex}` : undefined}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          <div className="timeline-ticks" aria-hidden>
            <span className="cell-bar">
              {marks.map((at) => (
                <span key={at} className="tick" style={{ left: `${(at / total) * 100}%` }} />
              ))}
            </span>
          </div>
          {items.map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <TimelineRow
                  key={index % slots}
                  id={`${prefix}-${index}`}
                  row={row}
                  top={start}
                  origin={tree.start}
                  total={total}
                  now={end}
                  chosen={row.node.id === chosenId}
                  onChoose={onChoose}
                  onToggle={onToggle}
                />
              )
            );
          })}
        </div>
        {rows.length === 0 && <p className="notice">No event fits the filter.</p>}
      </div>
    </div>
  );
}
