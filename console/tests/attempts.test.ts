import { describe, expect, it } from "vitest";
import type { TraceEvent } from "@/api/types";
import { taskLines } from "@/execution/tasks";
import { NO_FILTER, visibleRows } from "@/trace/rows";
import { storyOf } from "@/trace/story";
import { SYSTEM_ATTEMPT } from "@/trace/spans";
import { spentOf } from "@/trace/time";
import type { TreeNode } from "@/trace/nodes";
import { buildTree } from "@/trace/tree";
import { anApproval } from "./fake-api";
import { event, judged, oneTask } from "./trace-events";

const shown = (roots: TreeNode[]) =>
  visibleRows(roots, NO_FILTER, new Set()).map(({ node, depth }) => `${" ".repeat(depth)}${node.label || node.kind}`);
const again = (events: TraceEvent[], attempt: number, after: number): TraceEvent[] =>
  events.map((each) => ({
    ...each,
    attempt,
    id: `${attempt}.${each.sequence}`,
    pairs_with: each.started_sequence ? `${attempt}.${each.started_sequence}` : null,
    emitted_at: new Date(Date.parse(each.emitted_at) + after).toISOString(),
  }));

describe("A trace of several attempts", () => {
  it("is one tree, in which the task goes on and the new attempt is marked", () => {
    const { roots } = buildTree(judged(), { ended: true });
    expect(shown(roots)).toEqual([
      "Crew started",
      "Researcher",
      " research",
      "  llm",
      "  human",
      "  llm",
      "Attempt 2 went on from what was finished",
      "Crew completed",
    ]);
  });

  it("pairs no event with one of another attempt, though their numbers are the same", () => {
    const died = oneTask().slice(0, 4);
    const { spans } = buildTree([...died, ...again(oneTask(), 2, 5000)], { ended: true });
    expect(spans.get("1.4")?.last).toBeUndefined();
    expect(spans.get("2.4")?.last?.id).toBe("2.5");
  });

  it("cuts what the dead attempt left open where it last gave a sign, also while the next one runs", () => {
    const died = oneTask().slice(0, 4);
    const { spans } = buildTree([...died, ...again(oneTask().slice(0, 4), 2, 5000)], { ended: false });
    const [dead, running] = [spans.get("1.4"), spans.get("2.4")];
    expect(dead).toMatchObject({ cut: true, end: Date.parse(died[3]!.emitted_at) });
    expect(running).toMatchObject({ cut: false, end: null });
  });

  it("keeps every id while attempts come, so that what is folded stays folded", () => {
    const events = judged();
    const seen = new Set<string>();
    for (let length = 1; length <= events.length; length++) {
      const ids = visibleRows(buildTree(events.slice(0, length), { ended: false }).roots, NO_FILTER, new Set()).map(
        ({ node }) => node.id,
      );
      for (const id of seen) expect(ids).toContain(id);
      ids.forEach((id) => seen.add(id));
    }
  });

  it("shows the events that a dead attempt lost below what came before them", () => {
    const events = [...oneTask().slice(0, 4), ...again(oneTask(), 2, 5000)];
    const labels = shown(buildTree(events, { gaps: [{ attempt: 1, first: 5, last: null }], ended: true }).roots).map(
      (label) => label.trim(),
    );
    expect(labels).toContain("Events from 5 on are missing");
    expect(labels.indexOf("Events from 5 on are missing")).toBeLessThan(
      labels.indexOf("Attempt 2 went on from what was finished"),
    );
  });

  it("ends with the platform's word when the last attempt could say none", () => {
    const crash = event(1, 9000, {
      event_type: "error",
      event_source: "system",
      output: "The runner died.",
      attempt: SYSTEM_ATTEMPT,
    });
    const { roots, causes } = buildTree([...oneTask().slice(0, 4), crash], { ended: true });
    expect(roots.at(-1)?.type).toBe("system");
    expect(causes).toHaveLength(1);
  });
});

describe("A question to a person", () => {
  it("lasts from the asking to the deciding, over the attempts between", () => {
    const { spans, start, end } = buildTree(judged(), { ended: true });
    const question = spans.get("1.6");
    expect(question?.end).toBe((question?.start ?? 0) + 60_000);
    expect(spans.get("2.1")).toBe(question);
    expect(spentOf(new Set(spans.values()), { created: start, started: start, ended: end }, end ?? 0)).toMatchObject({
      model: 500,
      tool: 0,
      person: 60_000,
    });
  });

  it("tells what is asked, then who decided what", () => {
    const events = judged();
    const asking = buildTree(events.slice(0, 6), { ended: false }).spans.get("1.6")!;
    expect(asking.end).toBeNull();
    expect(storyOf(asking).text).toBe("Is this good?");
    expect(storyOf(buildTree(events, { ended: true }).spans.get("1.6")!).text).toBe(
      "sent back by bob@example.org: Shorter",
    );
  });

  it("is cut at the end when the execution was cancelled meanwhile", () => {
    const cancelled = event(1, 30_000, { event_type: "cancelled", event_source: "system", attempt: SYSTEM_ATTEMPT });
    const question = buildTree([...judged().slice(0, 6), cancelled], { ended: true }).spans.get("1.6");
    expect(question).toMatchObject({ cut: true, end: Date.parse(cancelled.emitted_at) });
  });

  it("makes its task wait, and stays told beside it", () => {
    const config = { config: { tasks: [{ name: "research", description: "Look", agent: "r" }] } };
    const traced = buildTree(judged().slice(0, 6), { ended: false }).roots.flatMap((root) => root.children);
    const known = { outputs: [], traced, ended: false };
    const [waiting] = taskLines(config, { ...known, approvals: [anApproval({ task_name: "research" })] });
    expect(waiting?.state).toBe("waiting");
    const decision = {
      kind: "revise",
      comment: "Shorter",
      output: null,
      output_reference: null,
      limits: null,
      decided_by: "bob",
      decided_at: "",
    } as const;
    const [going] = taskLines(config, { ...known, approvals: [anApproval({ task_name: "research", decision })] });
    expect(going?.state).toBe("running");
    expect(going?.asked).toHaveLength(1);
  });
});
