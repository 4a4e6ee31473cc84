import { useCallback, useMemo, useRef, useState } from "react";
import { isTerminal } from "@/api/types";
import { useDebounced, useKeys, useNow, useParam } from "@/lib/hooks";
import { type Row, visibleRows } from "@/trace/rows";
import { buildTree } from "@/trace/tree";
import { hasGivenUp } from "@/trace/useTrace";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { EventPanel } from "./EventPanel";
import { useShown } from "./ExecutionPage";
import { TimelineFilters } from "./TimelineFilters";
import { TimelineList, type TimelineHandle } from "./TimelineList";
import { TimelineSummary } from "./TimelineSummary";
import { useFilter } from "./useFilter";
import { useFolds } from "./useFolds";

export function TimelineTab() {
  const { execution, trace } = useShown();
  const ended = isTerminal(execution.status);
  const tree = useMemo(() => buildTree(trace.data?.events ?? [], trace.data?.gaps ?? [], ended), [trace.data, ended]);
  const now = useNow(!ended, 500);
  const end = tree.end !== null && (ended || tree.end > now) ? tree.end : Math.max(now, tree.end ?? 0);
  const { filter, bind } = useFilter();
  const settled = useDebounced(filter.search, 150);
  const [closed, setClosed] = useFolds(execution.execution_id);
  const rows = useMemo(
    () => visibleRows(tree.roots, { ...filter, search: settled }, closed),
    [tree, filter, settled, closed],
  );
  const [eventId, setEventId] = useParam("event");
  const [cursor, setCursor] = useState<string | null>(null);
  const list = useRef<TimelineHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const shown = eventId ? tree.spans.get(eventId) : undefined;
  const chosenId = cursor ?? (shown ? `s:${shown.id}` : null);

  const toggle = useCallback(
    (id: string, open?: boolean) => {
      setClosed((before) => {
        const after = new Set(before);
        if (open ?? before.has(id)) after.delete(id);
        else after.add(id);
        return after;
      });
    },
    [setClosed],
  );
  const choose = useCallback(
    (row: Row, open: boolean) => {
      setCursor(row.node.id);
      if (!open) return;
      if (row.node.span)
        setEventId(row.node.type === "end" ? (row.node.span.last?.id ?? row.node.span.id) : row.node.span.id);
      else if (row.expandable) toggle(row.node.id);
    },
    [setEventId, toggle],
  );
  const move = (by: number, follow: boolean): void => {
    const index = rows.findIndex(({ node }) => node.id === chosenId);
    let next = index < 0 ? (by > 0 ? 0 : rows.length - 1) : index + by;
    while (follow && rows[next] && !rows[next]?.node.span) next += by;
    const row = rows[next];
    if (!row) return;
    choose(row, follow);
    list.current?.scrollTo(next);
  };
  useKeys(({ key }) => {
    const row = rows.find(({ node }) => node.id === chosenId);
    switch (key) {
      case "j":
      case "ArrowDown":
        move(1, eventId !== "");
        return true;
      case "k":
      case "ArrowUp":
        move(-1, eventId !== "");
        return true;
      case "Enter":
        if (row && !(document.activeElement instanceof HTMLButtonElement)) choose(row, true);
        return Boolean(row);
      case "l":
      case "ArrowRight":
      case "h":
      case "ArrowLeft":
        if (row?.expandable) toggle(row.node.id, key === "l" || key === "ArrowRight");
        return true;
      case "/":
        search.current?.focus();
        return true;
      case "Escape":
        setEventId("");
        return true;
      default:
        return false;
    }
  });

  if (trace.isPending) return <Loading label="Reading the trace…" />;
  if (trace.error && !trace.data) return <Trouble error={trace.error} retry={() => void trace.refetch()} />;
  if (!trace.data.events.length) {
    return (
      <Empty title={ended ? "This execution left no trace" : "Nothing has happened yet"}>
        {ended ? "It ended before its crew began." : "The crew is being prepared. Events show here as they happen."}
      </Empty>
    );
  }
  const position = rows.findIndex(({ node }) => node.span !== undefined && node.span === shown);
  return (
    <div className="timeline" data-panel={eventId !== ""}>
      <div className="timeline-main">
        <TimelineSummary tree={tree} end={end} trace={trace.data} lost={hasGivenUp(execution, now)} running={!ended} />
        <TimelineFilters
          tree={tree}
          filter={filter}
          bind={bind}
          field={search}
          shownRows={rows.length}
          onCloseAll={setClosed}
          closed={closed}
        />
        <TimelineList
          ref={list}
          rows={rows}
          tree={tree}
          end={end}
          chosenId={chosenId}
          onChoose={choose}
          onToggle={toggle}
        />
      </div>
      {eventId !== "" && (
        <EventPanel
          key={shown?.id ?? eventId}
          span={shown}
          origin={tree.start}
          eventId={eventId}
          onClose={() => setEventId("")}
          onMove={(by) => move(by, true)}
          position={position}
        />
      )}
    </div>
  );
}
