import { describe, expect, it } from "vitest";
import { NO_OPTIONS } from "@/compose/ComposePage";
import { BLANK, type CrewFile } from "@/compose/projects";
import { draftOf, fileOfInput, textOfFile } from "@/compose/request";

const crewFile = (text: string): CrewFile => ({ ...BLANK, text });

describe("A crew file becomes a request", () => {
  it("with its own inputs as defaults and the fields' texts above them", () => {
    const files = crewFile("agents: {a: {role: 'R of {topic}'}}\ntasks: []\ninputs: {topic: sea, count: 3}\n");
    expect(draftOf(files, NO_OPTIONS).request?.inputs).toEqual({ topic: "sea", count: 3 });
    const options = { ...NO_OPTIONS, inputs: { topic: "sky", count: "4" } };
    expect(draftOf(files, options).request?.inputs).toEqual({ topic: "sky", count: 4 });
  });

  it("takes a file of the group for an input, whatever its default is", () => {
    const tasks = "[{description: 'Read {report}', input_files: {a: '{chart}'}}]";
    const text = `agents: {a: {role: R}}\ntasks: ${tasks}\ninput_files: {b: '{plan}'}\n`;
    const inputs = { report: textOfFile('a "b".pdf'), chart: ' {"file": "c.png"} ', other: '{"file": 1}' };
    const draft = draftOf(crewFile(text), { ...NO_OPTIONS, inputs });
    expect(draft.placeholders).toEqual(["report", "chart", "plan"]);
    expect(draft.request?.inputs).toEqual({
      report: { file: 'a "b".pdf' },
      chart: { file: "c.png" },
      other: '{"file": 1}',
    });
    expect(fileOfInput(inputs.report)).toBe('a "b".pdf');
  });

  it.each(['{"file": "C:\\x"}', '{"file": "a\nb"}', '{"file": "a"'])(
    "takes %j, which is no JSON, for a text",
    (typed) => {
      expect(fileOfInput(typed)).toBeNull();
      const files = crewFile("agents: {a: {role: 'Read {report}'}}\ntasks: []\n");
      expect(draftOf(files, { ...NO_OPTIONS, inputs: { report: typed } }).request?.inputs).toEqual({ report: typed });
    },
  );

  it("leaves an input out that has neither a default nor a text, so that the API names it", () => {
    const draft = draftOf(crewFile("agents: {}\ntasks: []\n"), { ...NO_OPTIONS, inputs: { topic: "" } });
    expect(draft.request?.inputs).toEqual({});
  });

  it("finds placeholders in texts that CrewAI fills, and nowhere else", () => {
    const files = crewFile(
      'agents: {a: {role: "{who}", system_template: "{not_me}"}}\ntasks: [{name: t, description: "On {what}"}]\n',
    );
    expect(draftOf(files, NO_OPTIONS).placeholders).toEqual(["who", "what"]);
  });

  it("takes limits as numbers and leaves empty ones out", () => {
    const options = { ...NO_OPTIONS, limits: { ...NO_OPTIONS.limits, max_tokens: "500", max_cost_usd: "0.5" } };
    expect(draftOf(BLANK, options).request?.limits).toEqual({ max_tokens: 500, max_cost_usd: 0.5 });
  });

  it("is told by its line when it cannot be read at all", () => {
    const draft = draftOf(crewFile("agents:\n  a: [1, 2\ntasks: []\n"), NO_OPTIONS);
    expect(draft.request).toBeNull();
    expect(draft.faults[0]?.line).toBeGreaterThan(1);
  });

  it("names every line that cannot be read, and what is wrong in front of the first one", () => {
    const text =
      "agents:\n  writer:\n    rolle: R\n    goal: 'G\n    backstory: B\ntasks:\n  - name: one\n    agent: nobody\n";
    const broken = draftOf(crewFile(text.replace("'G", "'G'x")), NO_OPTIONS);
    expect(broken.request).toBeNull();
    expect(broken.readable).not.toBeNull();
    expect(broken.faults.map(({ line }) => line)).toContain(4);
    const fault = (pointer: string, code: string) => ({ pointer, code, detail: "d", remedy: "", line: null });
    expect(broken.place(fault("/config/agents/writer/rolle", "unknown_field"))?.line).toBe(3);
    expect(broken.place(fault("/config/agents/writer", "missing"))).toBeNull();
    expect(broken.place(fault("/config/tasks/0/agent", "unknown_agent"))).toBeNull();
  });
});

describe("A fault the API names by pointer", () => {
  const text =
    "name: x\nagents:\n  writer:\n    role: R\n    goall: G\ntasks:\n  - name: one\n  - name: two\n    agent: nobody\n";
  const draft = draftOf(crewFile(text), NO_OPTIONS);
  const place = (pointer: string) => draft.place({ pointer, code: "c", detail: "d", remedy: "", line: null })!;

  it("stands at its line, in maps and in lists", () => {
    expect(place("/config/agents/writer/goall").line).toBe(5);
    expect(place("/config/tasks/1/agent").line).toBe(9);
  });

  it("stands at the deepest part that is there when something is missing", () => {
    expect(place("/config/agents/writer/backstory").line).toBe(3);
  });

  it("counts from the whole document when that has a config of its own", () => {
    const wrapped = draftOf(crewFile("config:\n  agents:\n    writer:\n      role: R\n"), NO_OPTIONS);
    expect(
      wrapped.place({ pointer: "/config/agents/writer/role", code: "c", detail: "d", remedy: "", line: null })?.line,
    ).toBe(4);
  });

  it("belongs to the field of the input it is about", () => {
    expect(place("/inputs/topic").input).toBe("topic");
    expect(place("/config/inputs/topic").input).toBe("topic");
    const missing = {
      pointer: "/config/tasks/0/description",
      code: "missing_input",
      detail: "The input 'topic' is used but not given.",
      remedy: "",
      line: null,
    };
    expect(draft.place(missing)).toMatchObject({ input: "topic", line: 7 });
  });
});
