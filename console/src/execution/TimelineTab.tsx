import "./timeline-tab.css";
import { type CSSProperties, useCallback, useMemo, useRef, useState } from "react";
import { isTerminal } from "@/api/types";
import { useDebounced, useNow, useStored } from "@/lib/hooks";
import { type Row, visibleRows } from "@/trace/rows";
import { frameOf } from "@/trace/time";
import { hasGivenUp } from "@/trace/useTrace";
import { useTraceSearch } from "@/trace/useTraceSearch";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { Splitter } from "@/ui/Splitter";
import { DetailPanel } from "./DetailPanel";
import { useShown } from "./ExecutionPage";
import { TimelineFilters } from "./TimelineFilters";
import { TimelineList, type TimelineHandle } from "./TimelineList";
import { TimelineSummary } from "./TimelineSummary";
import { TimelineTools } from "./TimelineTools";
import { useFilter } from "./useFilter";
import { useFolds } from "./useFolds";
import { usePanel } from "./usePanel";
import { useTimelineKeys } from "./useTimelineKeys";
import { useZoom } from "./useZoom";

export function TimelineTab() {
  const { execution, trace, tree } = useShown();
  const ended = isTerminal(execution.status);
  const frame = useMemo(() => frameOf(execution), [execution]);
  const now = useNow(!ended, 500);
  const end = tree.end !== null && (ended || tree.end > now) ? tree.end : Math.max(now, tree.end ?? 0);
  const { filter, bind } = useFilter();
  const settled = useDebounced(filter.search, 150);
  const { ids, searching } = useTraceSearch(execution.execution_id, trace.data, settled);
  const [closed, setClosed] = useFolds(execution.execution_id);
  const rows = useMemo(
    () => visibleRows(tree.roots, { ...filter, search: settled }, closed, ids),
    [tree, filter, settled, closed, ids],
  );
  const panel = usePanel();
  const [cursor, setCursor] = useState<string | null>(null);
  // Details that were opened by keyboard take the keyboard.
  const [byKey, setByKey] = useState(false);
  const [tools, setTools] = useState(false);
  const [share, setShare] = useStored("stepcrew.panel", "42");
  const zoom = useZoom(Math.max(1, end - tree.start));
  const list = useRef<TimelineHandle>(null);
  const search = useRef<HTMLInputElement>(null);
  const shown = panel.opened ? tree.spans.get(panel.opened) : undefined;
  const opened = shown ? `s:${shown.id}` : panel.opened;
  const chosenId = cursor ?? (opened || null);

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
  const { open: openPanel } = panel;
  const choose = useCallback(
    ({ node }: Row) => {
      setCursor(node.id);
      const id = panelIdOf(node);
      if (id) openPanel(id);
    },
    [openPanel],
  );
  const select = (row: Row): void => {
    if (panel.opened) choose(row);
    else setCursor(row.node.id);
  };
  const goTo = (id: string): void => {
    const row = rows.findIndex(({ node }) => node.id === id);
    const found = rows[row];
    setCursor(id);
    if (!found) return;
    choose(found);
    list.current?.scrollTo(row);
  };
  const move = useTimelineKeys({
    rows,
    chosenId,
    list,
    search,
    zoom,
    origin: tree.start,
    panelOpen: panel.opened !== "",
    onSelect: select,
    onOpen: (row) => {
      setByKey(true);
      choose(row);
    },
    onToggle: toggle,
    onClose: () => {
      panel.close();
      setByKey(false);
      list.current?.focus();
    },
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
  return (
    <div className="timeline" data-panel={panel.opened !== ""} style={{ "--panel": `${share}%` } as CSSProperties}>
      <div className="timeline-top" data-open={tools}>
        <TimelineSummary
          tree={tree}
          frame={frame}
          end={end}
          trace={trace.data}
          lost={hasGivenUp(execution, now)}
          running={!ended}
        />
        <TimelineFilters
          tree={tree}
          filter={filter}
          bind={bind}
          field={search}
          searching={searching}
          shownRows={rows.length}
          onCloseAll={setClosed}
          closed={closed}
          open={tools}
          onOpen={setTools}
        >
          <TimelineTools tree={tree} rows={rows} chosenId={chosenId} zoom={zoom} onGoTo={goTo} />
        </TimelineFilters>
      </div>
      <div className="timeline-main">
        <TimelineList
          ref={list}
          rows={rows}
          tree={tree}
          end={end}
          zoom={zoom}
          chosenId={chosenId}
          onChoose={choose}
          onToggle={toggle}
        />
      </div>
      {panel.opened !== "" && (
        <>
          <Splitter
            className="timeline-panes"
            label="Width of the details"
            value={Number(share)}
            least={24}
            most={70}
            onChange={(value) => setShare(String(Math.round(value)))}
          />
          <DetailPanel
            key={opened}
            id={panel.opened}
            tree={tree}
            hidden={!rows.some(({ node }) => node.id === opened)}
            now={end}
            takesKeys={byKey}
            onClose={panel.close}
            onMove={move}
            onGoTo={goTo}
          />
        </>
      )}
    </div>
  );
}

/** What the panel of a line is called in the address; null for a line that has none. */
function panelIdOf(node: Row["node"]): string | null {
  if (node.span) return node.type === "end" ? (node.span.last?.id ?? node.span.id) : node.span.id;
  return node.type === "agent" || node.type === "task" ? node.id : null;
}
