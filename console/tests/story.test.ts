import { describe, expect, it } from "vitest";
import type { Json } from "@/api/types";
import { beginningOf, bodyValue } from "@/lib/body";
import { formatMoment, formatTick } from "@/lib/format";
import { asMessages, sharedBeginning } from "@/trace/messages";
import { NO_FILTER, visibleRows } from "@/trace/rows";
import { plainError, storyOf } from "@/trace/story";
import { buildTree } from "@/trace/tree";
import { event, oneTask } from "./trace-events";

const reference = (preview: string, content_type = "application/json") => ({
  url: "/x",
  bytes: 20_000,
  content_type,
  preview,
});

describe("A large body", () => {
  it("begins as a reader would see it, wherever it was cut", () => {
    expect(beginningOf(reference('"He said \\"ebb\\"\\nand'))).toBe('He said "ebb"\nand');
    expect(beginningOf(reference('"cut in an escape \\u00e'))).toBe("cut in an escape ");
    expect(beginningOf(reference('[{"role": "system", "content": "You are\\n a'))).toBe("You are\n a");
    expect(beginningOf(reference('"as it is', "text/plain"))).toBe('"as it is');
  });

  it("is read by what it says it is", () => {
    expect(bodyValue('"text"', "application/json")).toBe("text");
    expect(bodyValue('{"a": 1}', "application/json")).toEqual({ a: 1 });
    expect(bodyValue('"text"', "text/plain")).toBe('"text"');
  });
});

describe("A conversation", () => {
  const first: Json = [{ role: "user", content: "Begin" }];
  const call = { id: "t1", function: { name: "search", arguments: "{}" } };
  const next: Json = [
    ...first,
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "t1", content: "found" },
  ];

  it("names the tool of a result, and tells what the call before had", () => {
    const messages = asMessages(next)!;
    expect(messages.at(-1)?.tool).toBe("search");
    expect(sharedBeginning(messages, asMessages(first))).toBe(1);
    expect(sharedBeginning(messages, null)).toBe(0);
  });
});

describe("A line", () => {
  it("of a tool tells what it was given and what came of it", () => {
    const { spans } = buildTree(oneTask(), { ended: true });
    expect(storyOf(spans.get("1.6")!)).toMatchObject({
      label: "search",
      text: "(query: tides)",
      outcome: "no such host",
    });
  });

  it("of a failed call says the sentence, not the dictionary a library printed", () => {
    const printed = "Error code: 500 - {'error': {'message': 'The server isn\\'t up', 'type': 'server_error'}}";
    expect(plainError(printed)).toBe("The server isn't up (Error code: 500)");
    expect(plainError("plain {braces}")).toBe("plain {braces}");
  });
});

describe("Failures", () => {
  it("are counted where they came from, and only those are shown", () => {
    const told = oneTask().slice(0, 7);
    const failed = [
      ...told,
      event(8, 450, {
        event_type: "agent_execution_failed",
        event_source: "agent",
        started_sequence: 3,
        task_name: "research",
        agent_role: "Researcher",
      }),
      event(9, 460, {
        event_type: "task_failed",
        event_source: "task",
        started_sequence: 2,
        task_name: "research",
        agent_role: "Researcher",
      }),
      event(10, 470, { event_type: "crew_failed", event_source: "crew", started_sequence: 1 }),
      event(11, 480, { event_type: "error", event_source: "system", output: "It failed." }),
    ];
    const tree = buildTree(failed, { ended: true });
    expect(tree.causes.map(({ id }) => id)).toEqual(["s:1.6"]);
    const rows = visibleRows(tree.roots, { ...NO_FILTER, failures: true }, new Set());
    expect(rows.map(({ node }) => node.id)).toEqual(["a:Researcher", "t:Researcher|research", "s:1.6"]);
  });

  it("include the task that a timeout names, in which no event failed", () => {
    const tree = buildTree(oneTask().slice(0, 5), { ended: true, failedTask: "research" });
    expect(tree.causes.map(({ id }) => id)).toEqual(["t:Researcher|research"]);
  });
});

describe("The axis", () => {
  it("keeps the seconds of a moment, however late", () => {
    expect([0, 12_340, 125_300, 6_363_000].map(formatMoment)).toEqual(["0.00 s", "12.34 s", "2:05.3", "1:46:03"]);
  });

  it("says its marks shortly", () => {
    expect(formatTick(90 * 60_000, 30 * 60_000)).toBe("1 h 30 m");
    expect(formatTick(30 * 60_000, 30 * 60_000)).toBe("30 m");
    expect(formatTick(62_000, 1000)).toBe("1:02");
    expect(formatTick(1500, 500)).toBe("1.5 s");
  });
});

describe("The tree of a run", () => {
  it("shows the time before the first and behind the last event, and what is to come", () => {
    const start = Date.parse(oneTask()[0]!.emitted_at);
    const frame = { created: start - 900, started: start - 400, ended: null };
    const coming = [
      { name: "research", role: "Researcher" },
      { name: "write", role: "Writer" },
    ];
    const { roots, nodes } = buildTree(oneTask().slice(0, 5), { ended: false, frame, coming });
    expect(roots.map(({ label }) => label)).toEqual([
      "Waiting for a start",
      "Runner starts",
      "Crew started",
      "Researcher",
      "Writer",
    ]);
    expect(nodes.get("t:Writer|write")?.start).toBe(Infinity);
  });
});
