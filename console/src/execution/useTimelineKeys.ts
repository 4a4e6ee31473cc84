import type { RefObject } from "react";
import { useKeys } from "@/lib/hooks";
import type { Row } from "@/trace/rows";
import type { TimelineHandle } from "./TimelineList";
import type { Zoom } from "./useZoom";

interface Given {
  rows: Row[];
  chosenId: string | null;
  list: RefObject<TimelineHandle | null>;
  search: RefObject<HTMLInputElement | null>;
  zoom: Zoom;
  origin: number;
  panelOpen: boolean;
  /** The line is looked at; its details follow when they are open. */
  onSelect: (row: Row) => void;
  onOpen: (row: Row) => void;
  onToggle: (id: string, open?: boolean) => void;
  onClose: () => void;
}

const ZOOM = 0.6;
const PAN = 0.25;

/** The timeline by keyboard, as a tree is used: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/. Answers a way to move. */
export function useTimelineKeys(given: Given): (by: 1 | -1) => void {
  const { rows, chosenId, list, zoom } = given;
  const index = rows.findIndex(({ node }) => node.id === chosenId);
  const row = rows[index];
  const goTo = (next: number): void => {
    const found = rows[Math.min(Math.max(next, 0), rows.length - 1)];
    if (!found) return;
    given.onSelect(found);
    list.current?.scrollTo(rows.indexOf(found));
    if (!inPanel()) list.current?.focus();
  };
  const move = (by: number): void => goTo(index < 0 ? (by > 0 ? 0 : rows.length - 1) : index + by);
  const left = (): void => {
    if (!row) return;
    if (row.expandable && row.expanded) given.onToggle(row.node.id, false);
    else goTo(rows.findLastIndex((each, at) => at < index && each.depth < row.depth));
  };
  const right = (): void => {
    if (!row?.expandable) return;
    if (row.expanded) move(1);
    else given.onToggle(row.node.id, true);
  };
  const zoomToChosen = (): void => {
    if (!row || !Number.isFinite(row.node.start)) return;
    const start = row.node.start - given.origin;
    const end = (row.node.end ?? Date.now()) - given.origin;
    const room = Math.max(20, (end - start) * 0.1);
    zoom.set({ start: start - room, end: end + room });
  };
  const page = (): number => list.current?.page() ?? 1;
  const actions: Partial<Record<string, () => void>> = {
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    Home: () => goTo(0),
    End: () => goTo(rows.length - 1),
    PageDown: () => move(page()),
    PageUp: () => move(-page()),
    h: left,
    ArrowLeft: left,
    l: right,
    ArrowRight: right,
    "+": () => zoom.by(ZOOM),
    "=": () => zoom.by(ZOOM),
    "-": () => zoom.by(1 / ZOOM),
    "0": zoom.reset,
    z: zoomToChosen,
    "[": () => zoom.pan(-PAN),
    "]": () => zoom.pan(PAN),
    "/": () => given.search.current?.focus(),
    Escape: given.onClose,
  };
  useKeys(({ key, target }) => {
    if (key === "Enter") {
      if (!row || target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement) return false;
      given.onOpen(row);
      document.querySelector<HTMLElement>(PANEL)?.focus();
      return true;
    }
    const scrolls = /^(Arrow|Home|End|Page)/.test(key) && inPanel();
    const action = scrolls ? undefined : actions[key];
    action?.();
    return action !== undefined;
  });
  return move;
}

const PANEL = "aside.panel";

/** Arrows scroll the details while the keyboard is in them; `j` and `k` go on to other lines. */
function inPanel(): boolean {
  return document.activeElement?.closest(PANEL) !== null && document.activeElement !== null;
}
