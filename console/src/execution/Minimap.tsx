import "./minimap.css";
import { type PointerEvent, memo, useMemo, useRef } from "react";
import type { TreeNode } from "@/trace/nodes";
import { type Interval, union, workOf } from "@/trace/time";
import type { TraceTree } from "@/trace/tree";
import type { Zoom } from "./useZoom";

/** So many pieces of work are told apart over the whole time. */
const GRAIN = 300;

interface Props {
  tree: TraceTree;
  total: number;
  now: number;
  zoom: Zoom;
}

/** All of the time in one strip, and the part of it that the waterfall shows. Drawing on it shows another part. */
export const Minimap = memo(function Minimap({ tree, total, now, zoom }: Props) {
  const strip = useRef<HTMLDivElement>(null);
  const from = useRef<{ at: number; part: Interval | null } | null>(null);
  const work = useMemo(() => allWork(tree.roots, now, total / GRAIN), [tree, now, total]);
  const percent = (ms: number): string => `${(Math.max(0, ms) / total) * 100}%`;
  const at = (event: PointerEvent): number => {
    const box = strip.current?.getBoundingClientRect();
    return box ? Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * total : 0;
  };
  const { shown, zoomed, set } = zoom;
  const move = (event: PointerEvent): void => {
    if (!from.current) return;
    const moment = at(event);
    const { part, at: began } = from.current;
    if (part) {
      const length = part.end - part.start;
      const start = Math.min(Math.max(0, part.start + moment - began), total - length);
      set({ start, end: start + length });
    } else if (Math.abs(moment - began) > total / GRAIN) {
      set({ start: Math.min(moment, began), end: Math.max(moment, began) });
    }
  };
  return (
    <div
      ref={strip}
      className="minimap"
      onPointerDown={(event) => {
        event.stopPropagation();
        event.currentTarget.setPointerCapture(event.pointerId);
        const moment = at(event);
        const inside = zoomed && moment >= shown.start && moment <= shown.end;
        from.current = { at: moment, part: inside ? shown : null };
      }}
      onPointerMove={move}
      onPointerUp={() => {
        from.current = null;
      }}
    >
      {work.map(({ name, parts }) =>
        parts.map((part) => (
          <span
            key={`${name}${part.start}`}
            className={`minimap-part bar-${name}`}
            style={{ left: percent(part.start - tree.start), width: `max(1px, ${percent(part.end - part.start)})` }}
          />
        )),
      )}
      {tree.causes.map((cause) => (
        <span key={cause.id} className="minimap-failure" style={{ left: percent(cause.start - tree.start) }} />
      ))}
      {zoomed && (
        <span
          className="minimap-window"
          style={{ left: percent(shown.start), width: percent(shown.end - shown.start) }}
        />
      )}
    </div>
  );
});

function allWork(roots: TreeNode[], now: number, grain: number): { name: string; parts: Interval[] }[] {
  const found = roots.map((root) => workOf(root, now, grain));
  return [
    {
      name: "human",
      parts: union(
        found.flatMap((each) => each.person),
        grain,
      ),
    },
    {
      name: "tool",
      parts: union(
        found.flatMap((each) => each.tool),
        grain,
      ),
    },
    {
      name: "llm",
      parts: union(
        found.flatMap((each) => each.model),
        grain,
      ),
    },
  ];
}
