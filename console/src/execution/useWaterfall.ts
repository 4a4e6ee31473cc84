import { type PointerEvent, useCallback, useEffect, useRef } from "react";
import { formatMoment } from "@/lib/format";
import type { Zoom } from "./useZoom";

/** Pixels a pointer moves before it draws instead of clicking. */
const CLICK = 4;
const WHEEL = 0.0018;

/**
 * The pointer over the bars: a line with its time, drawing zooms, the wheel zooms with Ctrl or Alt and moves sideways.
 * It changes the elements directly, because a render for each move would be felt.
 */
export function useWaterfall(zoom: Zoom) {
  /** The whole list; takes the pointer. */
  const list = useRef<HTMLDivElement>(null);
  /** As wide as the bars. */
  const axis = useRef<HTMLDivElement>(null);
  /** The line under the pointer, and its time. */
  const line = useRef<HTMLDivElement>(null);
  /** What is being drawn to zoom into. */
  const drawn = useRef<HTMLDivElement>(null);
  const from = useRef<number | null>(null);
  const drew = useRef(false);
  const now = useRef(zoom);
  useEffect(() => {
    now.current = zoom;
  });
  const shareAt = useCallback((x: number): number | null => {
    const box = axis.current?.getBoundingClientRect();
    return box && box.width > 0 && x >= box.left && x <= box.right ? (x - box.left) / box.width : null;
  }, []);
  const timeAt = (share: number): number => {
    const { start, end } = now.current.shown;
    return start + share * (end - start);
  };
  const show = (share: number | null): void => {
    if (!line.current) return;
    line.current.hidden = share === null;
    if (share === null) return;
    line.current.style.left = `${share * 100}%`;
    line.current.dataset["side"] = share > 0.8 ? "left" : "right";
    if (line.current.firstElementChild) line.current.firstElementChild.textContent = formatMoment(timeAt(share));
  };
  const draw = (share: number | null): void => {
    if (!drawn.current) return;
    drawn.current.hidden = share === null || from.current === null;
    if (share === null || from.current === null) return;
    drawn.current.style.left = `${Math.min(share, from.current) * 100}%`;
    drawn.current.style.width = `${Math.abs(share - from.current) * 100}%`;
  };
  useEffect(() => {
    const element = list.current;
    const turned = (event: WheelEvent): void => {
      const share = shareAt(event.clientX);
      if (share === null) return;
      const { by, pan, shown, zoomed } = now.current;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        event.preventDefault();
        by(Math.exp(event.deltaY * WHEEL), shown.start + share * (shown.end - shown.start));
      } else if (zoomed && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
        event.preventDefault();
        pan((event.deltaX || event.deltaY) * WHEEL);
      }
    };
    element?.addEventListener("wheel", turned, { passive: false });
    return () => element?.removeEventListener("wheel", turned);
  }, [shareAt]);
  const handlers = {
    onPointerDown: (event: PointerEvent) => {
      drew.current = false;
      const share = event.pointerType === "touch" || event.button !== 0 ? null : shareAt(event.clientX);
      from.current = share;
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      const share = shareAt(event.clientX);
      show(event.pointerType === "touch" ? null : share);
      if (from.current === null || share === null) return;
      const width = axis.current?.clientWidth ?? 0;
      if (!drew.current && Math.abs(share - from.current) * width < CLICK) return;
      if (!drew.current) event.currentTarget.setPointerCapture(event.pointerId);
      drew.current = true;
      draw(share);
    },
    onPointerUp: (event: PointerEvent) => {
      const share = shareAt(event.clientX);
      if (drew.current && from.current !== null && share !== null) {
        const [a, b] = [timeAt(from.current), timeAt(share)];
        zoom.set({ start: Math.min(a, b), end: Math.max(a, b) });
      }
      from.current = null;
      draw(null);
    },
    onPointerCancel: () => {
      from.current = null;
      draw(null);
    },
    onPointerLeave: () => show(null),
    /** What was drawn is no click on the line below it. */
    onClickCapture: (event: { stopPropagation: () => void }) => {
      if (drew.current) event.stopPropagation();
      drew.current = false;
    },
    onDoubleClick: (event: { clientX: number }) => {
      if (shareAt(event.clientX) !== null) zoom.reset();
    },
  };
  return { list, axis, line, drawn, handlers };
}
