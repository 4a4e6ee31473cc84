import "./timeline-list.css";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type Ref, useEffect, useId, useImperativeHandle, useMemo, useRef } from "react";
import { formatTick } from "@/lib/format";
import { useStored } from "@/lib/hooks";
import type { Row } from "@/trace/rows";
import { stepOf, ticks } from "@/trace/time";
import type { TraceTree } from "@/trace/tree";
import { Splitter } from "@/ui/Splitter";
import { Minimap } from "./Minimap";
import { StickyParents } from "./StickyParents";
import { TimelineRow } from "./TimelineRow";
import { useWaterfall } from "./useWaterfall";
import type { Zoom } from "./useZoom";

/** Fingers need more room than a pointer. Pixels. */
const rowHeight = window.matchMedia("(pointer: coarse)").matches ? 44 : 30;
/** The axis is as high as a line. */
const AXIS_ROWS = 1;
const OVERSCAN = 6;
/** Until the list has been laid out. Pixels. */
const MOST_HEIGHT = 1_000;
const MARKS = 6;

export interface TimelineHandle {
  scrollTo: (index: number) => void;
  focus: () => void;
  /** How many lines are in sight. */
  page: () => number;
}

interface Props {
  ref: Ref<TimelineHandle>;
  rows: Row[];
  tree: TraceTree;
  /** The last moment, in ms since 1970. */
  end: number;
  zoom: Zoom;
  chosenId: string | null;
  onChoose: (row: Row) => void;
  onToggle: (id: string) => void;
}

/** The tree beside the waterfall. Only what can be seen is in the page, however long the trace. */
export function TimelineList({ ref, rows, tree, end, zoom, chosenId, onChoose, onToggle }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const [share, setShare] = useStored("stepcrew.waterfall", "42");
  const { list, axis, line, drawn, handlers } = useWaterfall(zoom);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollMargin: AXIS_ROWS * rowHeight,
    // Lines are not brought under the axis and the agent and task that stay in sight.
    scrollPaddingStart: (AXIS_ROWS + 2) * rowHeight,
  });
  // Lines that leave on one side are used again on the other: a change of text costs far less than new elements.
  const items = virtual.getVirtualItems();
  const height = scroller.current?.clientHeight ?? MOST_HEIGHT;
  const slots = Math.ceil(height / rowHeight) + 2 * OVERSCAN + 2;
  useImperativeHandle(
    ref,
    () => ({
      scrollTo: (index) => virtual.scrollToIndex(index, { align: "auto" }),
      focus: () => scroller.current?.focus({ preventScroll: true }),
      page: () => Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowHeight) / rowHeight) - 1),
    }),
    [virtual],
  );
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
  const { start: from, end: until } = zoom.shown;
  const length = Math.max(1, until - from);
  const step = stepOf(length, MARKS);
  const marks = useMemo(() => ticks({ start: from, end: until }, MARKS), [from, until]);
  const at = (mark: number): CSSProperties => ({ left: `${((mark - from) / length) * 100}%` });
  /** The last one is not cut by the edge. */
  const labelAt = (mark: number): CSSProperties => ({
    left: `min(${at(mark).left}, 100% - ${formatTick(mark, step).length + 0.5}ch)`,
  });
  const chosenIndex = rows.findIndex(({ node }) => node.id === chosenId);
  const active = chosenIndex >= 0 && items.some(({ index }) => index === chosenIndex);
  const place = { origin: tree.start, from: tree.start + from, length, now: end };
  return (
    <div
      ref={list}
      className="timeline-list"
      style={{ "--bars": `${share}%`, "--row": `${rowHeight}px` } as CSSProperties}
      {...handlers}
    >
      <div
        ref={scroller}
        className="timeline-scroll"
        style={{ "--rows": rows.length } as CSSProperties}
        role="tree"
        aria-label="Timeline"
        tabIndex={0}
        aria-activedescendant={active ? `${prefix}-${chosenIndex}` : undefined}
      >
        <div className="timeline-grid timeline-axis" aria-hidden>
          <span className="cell-name">Event</span>
          <span className="cell-cost">Cost</span>
          <span className="cell-tokens">Tokens</span>
          <span className="cell-duration">Duration</span>
          <span className="cell-offset">At</span>
          <span className="cell-bar">
            <Minimap tree={tree} total={total} now={end} zoom={zoom} />
            <span ref={axis} className="timeline-marks">
              {marks.map((mark) => (
                <span key={mark} className="tick-label" style={labelAt(mark)}>
                  {formatTick(mark, step)}
                </span>
              ))}
            </span>
          </span>
        </div>
        <div className="timeline-grid timeline-over" aria-hidden>
          <span className="cell-bar">
            <div ref={drawn} className="timeline-drawn" hidden />
            <div ref={line} className="timeline-cursor" hidden>
              <span />
            </div>
          </span>
        </div>
        <StickyParents
          rows={rows}
          first={(virtual.range?.startIndex ?? -1) + AXIS_ROWS}
          rowHeight={rowHeight}
          onChoose={onChoose}
          {...place}
        />
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          <div className="timeline-grid timeline-ticks" aria-hidden>
            <span className="cell-bar">
              {marks.map((mark) => (
                <span key={mark} className="tick" style={at(mark)} />
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
                  top={start - AXIS_ROWS * rowHeight}
                  chosen={row.node.id === chosenId}
                  onChoose={onChoose}
                  onToggle={onToggle}
                  {...place}
                />
              )
            );
          })}
        </div>
        {rows.length === 0 && <p className="notice">No event fits the filter.</p>}
      </div>
      <Splitter
        className="timeline-splitter"
        label="Width of the waterfall"
        value={Number(share)}
        least={20}
        most={70}
        onChange={(value) => setShare(String(Math.round(value)))}
      />
    </div>
  );
}
