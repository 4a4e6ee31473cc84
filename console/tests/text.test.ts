import { describe, expect, it, vi } from "vitest";
import { formatCost, formatDuration, formatTotal } from "@/lib/format";
import { asJson, harmless, preview, unmarked } from "@/lib/text";
import { spentOf, ticks, union } from "@/trace/time";
import { asMessages, toolCalls } from "@/trace/messages";
import { pairTasks } from "@/compare/pairs";
import { buildTree } from "@/trace/tree";
import { anExecution } from "./fake-api";
import { oneTask } from "./trace-events";
import type { TaskOutput } from "@/api/types";

describe("What a crew wrote", () => {
  it("loses its terminal escapes and shows other control characters", () => {
    expect(harmless("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u0007")).toBe("red link\ufffd");
    expect(harmless("a\u202eb\u0000c\r\nd\te")).toBe("a\ufffdb\ufffdc\nd\te");
  });

  it("is looked at only as far as the preview needs", () => {
    const replace = vi.spyOn(String.prototype, "replace");
    expect(preview("x".repeat(20_000_000), 50)).toHaveLength(50);
    const longest = Math.max(...replace.mock.contexts.map((text) => String(text).length));
    expect(longest).toBeLessThan(1_000);
  });

  it("is previewed without the signs of Markdown", () => {
    expect(unmarked("# Tides The **moon** pulls the `sea`: [see](https://x.org).")).toBe(
      "Tides The moon pulls the sea: see.",
    );
    expect(unmarked("| Sea | Range | |---|---| | Fundy | 16 m |")).not.toContain("--");
    expect(unmarked("snake_case and 2 * 3 stay")).toBe("snake_case and 2 * 3 stay");
  });

  it("is JSON only when it is an object or a list", () => {
    expect(asJson('{"a": 1}')).toEqual({ a: 1 });
    expect(asJson("12")).toBeNull();
    expect(asJson("[not json]")).toBeNull();
  });
});

describe("Conversations", () => {
  it("are read whichever way a provider writes content and calls", () => {
    const messages = asMessages([
      {
        role: "user",
        content: [
          { type: "text", text: "one" },
          { type: "text", text: "two" },
        ],
      },
      { role: "assistant", content: null, tool_calls: [{ function: { name: "search", arguments: "{}" } }] },
    ]);
    expect(messages?.[0]?.content).toBe("one\ntwo");
    expect(messages?.[1]?.calls).toEqual([{ name: "search", args: "{}", id: "" }]);
    expect(asMessages("just text")).toBeNull();
  });

  it("tell an answer that only calls tools from a list that is the answer", () => {
    expect(toolCalls('[{"id": "c", "function": {"name": "add", "arguments": "{}"}}]')).toEqual([
      { name: "add", args: "{}", id: "c" },
    ]);
    expect(toolCalls([{ type: "tool_use", name: "add", input: { a: 1 } }])).toEqual([
      { name: "add", args: { a: 1 }, id: "" },
    ]);
    expect(toolCalls('[{"city": "Rome"}]')).toEqual([]);
  });
});

describe("Time", () => {
  it("of what ran side by side is counted once", () => {
    expect(
      union([
        { start: 0, end: 10 },
        { start: 5, end: 15 },
        { start: 20, end: 30 },
      ]),
    ).toEqual([
      { start: 0, end: 15 },
      { start: 20, end: 30 },
    ]);
  });

  it("is split into parts that add up to what elapsed", () => {
    const tree = buildTree(oneTask(), { ended: true });
    const frame = { created: tree.start - 500, started: tree.start - 200, ended: null };
    const spent = spentOf(new Set(tree.spans.values()), frame, tree.end ?? 0);
    expect(spent).toEqual({ total: 970, model: 300, tool: 100, person: 0, between: 70, queue: 300, platform: 200 });
  });

  it("is marked by round numbers", () => {
    const minute = 60_000;
    expect(ticks({ start: 0, end: 2220 }, 6)).toEqual([0, 500, 1000, 1500, 2000]);
    expect(ticks({ start: 0, end: 0 }, 6)).toEqual([0]);
    expect(ticks({ start: 0, end: 106 * minute }, 6)).toEqual([0, 30, 60, 90].map((at) => at * minute));
    expect(ticks({ start: 61_000, end: 66_000 }, 6)).toEqual([61, 62, 63, 64, 65, 66].map((at) => at * 1000));
  });

  it("and money are told in a form to read", () => {
    expect([0.4, 250, 2_500, 12_340, 125_000, 3_723_000].map(formatDuration)).toEqual([
      "<1 ms",
      "250 ms",
      "2.50 s",
      "12.3 s",
      "2 m 05 s",
      "1 h 02 m",
    ]);
    expect([null, 0, 0.00001, 0.0123, 3].map(formatCost)).toEqual(["–", "$0", "<$0.0001", "$0.0123", "$3.00"]);
    const { cost } = anExecution();
    expect([null, 0.00001, 3].map((usd) => formatTotal({ ...cost, total_usd: usd, estimated: true }))).toEqual([
      ...["–", "<$0.0001", "~$3.00"],
    ]);
    expect(formatTotal({ ...cost, total_usd: 3, estimated: false })).toBe("$3.00");
  });
});

it("Tasks of two executions stand beside each other by name", () => {
  const task = (name: string, raw: string) =>
    ({ name, raw, started_at: null, ended_at: null, json_dict: null, raw_reference: null }) as unknown as TaskOutput;
  const crew = (...names: string[]) => ({ config: { tasks: names.map((name) => ({ name })) }, inputs: {} });
  const known = (definition: ReturnType<typeof crew>, ...outputs: TaskOutput[]) => ({
    definition,
    outputs,
    tree: buildTree([], { gaps: [], ended: true }),
  });
  const pairs = pairTasks(
    known(crew("a", "b", "never"), task("a", "1"), task("b", "2")),
    known(crew("b", "c"), task("b", "3"), task("c", "4")),
  );
  expect(pairs.map(({ name, sides }) => [name, ...sides.map(({ state, text }) => text ?? state)])).toEqual([
    ["a", "1", "absent"],
    ["b", "2", "3"],
    ["never", "unfinished", "absent"],
    ["c", "absent", "4"],
  ]);
});
