import { useCallback, useMemo, useState } from "react";
import type { Interval } from "@/trace/time";

/** The part of the time that the waterfall shows, in ms after the beginning. */
export interface Zoom {
  shown: Interval;
  zoomed: boolean;
  /** Shows this part. */
  set: (part: Interval) => void;
  /** A factor below 1 shows less time; the moment `at` stays where it is. */
  by: (factor: number, at?: number) => void;
  /** Moves by a share of what is shown. */
  pan: (share: number) => void;
  reset: () => void;
}

/** Less than this cannot be told apart. Milliseconds. */
const LEAST = 5;

export function useZoom(total: number): Zoom {
  const [part, setPart] = useState<Interval | null>(null);
  const shown = useMemo(() => (part ? within(part, total) : { start: 0, end: total }), [part, total]);
  const set = useCallback((next: Interval) => setPart(covers(next, total) ? null : within(next, total)), [total]);
  const by = useCallback(
    (factor: number, at?: number) => {
      const centre = at ?? (shown.start + shown.end) / 2;
      const start = centre - (centre - shown.start) * factor;
      const end = centre + (shown.end - centre) * factor;
      if (end - start >= LEAST) set({ start, end });
    },
    [shown, set],
  );
  const pan = useCallback(
    (share: number) => {
      const length = shown.end - shown.start;
      const start = Math.min(Math.max(0, shown.start + share * length), Math.max(0, total - length));
      if (part) setPart({ start, end: start + length });
    },
    [shown, total, part],
  );
  const reset = useCallback(() => setPart(null), []);
  const zoomed = part !== null;
  return useMemo(() => ({ shown, zoomed, set, by, pan, reset }), [shown, zoomed, set, by, pan, reset]);
}

function covers({ start, end }: Interval, total: number): boolean {
  return start <= 0 && end >= total;
}

function within({ start, end }: Interval, total: number): Interval {
  const length = Math.max(LEAST, end - start);
  const from = Math.min(Math.max(0, start), Math.max(0, total - LEAST));
  return { start: from, end: Math.min(Math.max(total, from + LEAST), from + length) };
}
