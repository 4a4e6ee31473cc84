import { describe, expect, it } from "vitest";
import { buildTree } from "@/trace/tree";
import { event, oneTask } from "./trace-events";

describe("An attempt that hands over", () => {
  it("shows no failure: the next one goes on", () => {
    const started = oneTask().slice(0, 4);
    const events = [
      ...started,
      event(5, 300, {
        event_type: "task_interrupted",
        event_source: "task",
        task_name: "research",
        started_sequence: 2,
        output: "The slice is over.",
      }),
      event(6, 310, {
        event_type: "crew_interrupted",
        event_source: "crew",
        started_sequence: 1,
        output: "The slice is over.",
      }),
    ];
    const { roots, causes, spans } = buildTree(events, { ended: false });
    expect(causes).toEqual([]);
    expect(roots.at(-1)?.label).toBe("Attempt handed over");
    expect(spans.get("1.1")?.failed).toBe(false);
  });
});
