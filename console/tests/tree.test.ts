import { describe, expect, it } from "vitest";
import type { EventSource } from "@/api/types";
import { NO_FILTER, visibleRows } from "@/trace/rows";
import type { TreeNode } from "@/trace/nodes";
import { buildTree } from "@/trace/tree";
import { event, oneTask } from "./trace-events";

const shown = (roots: TreeNode[], filter = NO_FILTER, closed = new Set<string>()) =>
  visibleRows(roots, filter, closed).map(({ node, depth }) => `${" ".repeat(depth)}${node.label || node.kind}`);

describe("The timeline of a trace", () => {
  it("stands as agent, task and events between the crew's start and end", () => {
    const tree = buildTree(oneTask(), { ended: true });
    expect(shown(tree.roots)).toEqual(["Crew started", "Researcher", " research", "  llm", "  tool", "Crew completed"]);
  });

  it("puts what a flow ran below the flow and its methods", () => {
    const moved = (id: number | null): number | null => (id === null ? null : id + 2);
    const inside = oneTask().map((one) =>
      event(one.sequence + 2, one.sequence * 10, {
        ...one,
        parent_sequence: moved(one.parent_sequence) ?? 2,
        started_sequence: moved(one.started_sequence),
        id: `1.${one.sequence + 2}`,
        sequence: one.sequence + 2,
        pairs_with: one.pairs_with && `1.${Number(one.pairs_with.slice(2)) + 2}`,
      }),
    );
    const flow = event(1, 0, { event_type: "flow_started", event_source: "flow" });
    const method = event(2, 5, { event_type: "flow_method_started", event_source: "flow", parent_sequence: 1 });
    const rows = visibleRows(buildTree([flow, method, ...inside], { ended: false }).roots, NO_FILTER, new Set());
    expect(rows.slice(0, 4).map(({ node, depth }) => [node.kind, depth])).toEqual([
      ["flow", 0],
      ["flow", 1],
      ["crew", 2],
      ["task", 3],
    ]);
  });

  it("shows the machinery only when everything is asked for", () => {
    const tree = buildTree(oneTask(), { ended: true });
    expect(shown(tree.roots, { ...NO_FILTER, everything: true }).length).toBeGreaterThan(shown(tree.roots).length);
  });

  it("takes durations from the events, and tokens add up", () => {
    const tree = buildTree(oneTask(), { ended: true });
    const call = tree.spans.get("1.4");
    expect((call?.end ?? 0) - (call?.start ?? 0)).toBe(300);
    expect(tree.roots.find((root) => root.type === "agent")?.tokens).toBe(42);
  });

  it("finds a span by either of its events", () => {
    const tree = buildTree(oneTask(), { ended: true });
    expect(tree.spans.get("1.5")).toBe(tree.spans.get("1.4"));
  });

  it("keeps every id while the trace grows, so that what is folded stays folded", () => {
    const events = oneTask();
    const ids = new Set<string>();
    for (let length = 1; length <= events.length; length++) {
      const rows = visibleRows(
        buildTree(events.slice(0, length), { ended: false }).roots,
        { ...NO_FILTER, everything: true },
        new Set(),
      );
      for (const id of ids) expect(rows.map((row) => row.node.id)).toContain(id);
      for (const row of rows) ids.add(row.node.id);
    }
  });

  it("leaves a call open while the execution runs, and cuts it when that is over", () => {
    const events = oneTask().slice(0, 4);
    expect(buildTree(events, { ended: false }).spans.get("1.4")?.end).toBeNull();
    const cut = buildTree(events, { ended: true }).spans.get("1.4");
    expect(cut?.cut).toBe(true);
    expect(cut?.end).not.toBeNull();
  });

  it("shows missing events where they belong", () => {
    const events = oneTask().filter(({ sequence }) => sequence !== 4 && sequence !== 5);
    const labels = shown(buildTree(events, { gaps: [{ attempt: 1, first: 4, last: 5 }], ended: true }).roots);
    expect(labels.map((label) => label.trim())).toContain("Events 4–5 are missing");
    expect(labels.indexOf("Crew completed")).toBe(labels.length - 1);
  });

  it("does not stumble over kinds it has never heard of", () => {
    const odd = event(11, 480, { event_type: "telepathy_started", event_source: "aura" as EventSource });
    expect(() => buildTree([...oneTask(), odd], { ended: false })).not.toThrow();
  });

  it("is made of 10,000 events within a blink", () => {
    const at = { task_name: "research", agent_role: "Researcher", parent_sequence: 3 };
    const many = Array.from({ length: 5000 }, (_, index) => [
      event(2 * index + 11, 500 + index, { event_type: "llm_call_started", event_source: "llm", ...at }),
      event(2 * index + 12, 500 + index, {
        event_type: "llm_call_completed",
        event_source: "llm",
        started_sequence: 2 * index + 11,
        duration_ms: 1,
        ...at,
      }),
    ]).flat();
    const before = performance.now();
    const tree = buildTree([...oneTask(), ...many], { ended: true });
    expect(visibleRows(tree.roots, NO_FILTER, new Set()).length).toBeGreaterThan(5000);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

describe("Filters of the timeline", () => {
  const tree = buildTree(oneTask(), { ended: true });

  it("by kind keep the way down to what fits", () => {
    const labels = shown(tree.roots, { ...NO_FILTER, kinds: new Set<EventSource>(["tool"]) });
    expect(labels).toEqual(["Researcher", " research", "  tool"]);
  });

  it("by failure find the failed call", () => {
    expect(shown(tree.roots, { ...NO_FILTER, failures: true }).map((label) => label.trim())).toContain("tool");
  });

  it("by text look into what was said", () => {
    expect(shown(tree.roots, { ...NO_FILTER, search: "look it up" })).toEqual(["Researcher", " research", "  llm"]);
    expect(shown(tree.roots, { ...NO_FILTER, search: "nowhere to be found" })).toEqual([]);
  });

  it("respect what a person folded", () => {
    const agent = tree.roots.find((root) => root.type === "agent");
    expect(shown(tree.roots, NO_FILTER, new Set([agent?.id ?? ""]))).toEqual([
      "Crew started",
      "Researcher",
      "Crew completed",
    ]);
  });
});
