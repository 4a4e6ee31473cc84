import { examples } from "virtual:examples";
import { describe, expect, it } from "vitest";
import { NO_OPTIONS } from "@/compose/ComposePage";
import { BLANK, type CrewFiles, NotACrew, readProject } from "@/compose/projects";
import { draftOf, fileOfInput, textOfFile } from "@/compose/request";

const crewFile = (text: string): CrewFiles => ({ ...BLANK, files: [{ name: "crew.yaml", text }] });
const example = (name: string): CrewFiles => {
  const found = examples.find((each) => each.name === name)!;
  return readProject(found.name, found.files);
};

describe("A crew file becomes a request", () => {
  it("with its own inputs as defaults and the fields' texts above them", () => {
    const files = crewFile("agents: {a: {role: 'R of {topic}'}}\ntasks: []\ninputs: {topic: sea, count: 3}\n");
    expect(draftOf(files, NO_OPTIONS).request?.inputs).toEqual({ topic: "sea", count: 3 });
    const options = { ...NO_OPTIONS, inputs: { topic: "sky", count: "4" } };
    expect(draftOf(files, options).request?.inputs).toEqual({ topic: "sky", count: 4 });
  });

  it("takes a file of the group for an input, whatever its default is", () => {
    const text = "agents: {a: {role: R}}\ntasks: [{description: 'Read {report}', input_files: {a: '{chart}'}}]\n";
    const inputs = { report: textOfFile('a "b".pdf'), chart: ' {"file": "c.png"} ', other: '{"file": 1}' };
    const draft = draftOf(crewFile(text), { ...NO_OPTIONS, inputs });
    expect(draft.placeholders).toEqual(["report", "chart"]);
    expect(draft.request?.inputs).toEqual({
      report: { file: 'a "b".pdf' },
      chart: { file: "c.png" },
      other: '{"file": 1}',
    });
    expect(fileOfInput(inputs.report)).toBe('a "b".pdf');
  });

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

  it("takes what a project's main.py gives as defaults", () => {
    const files = example("research-write-edit");
    expect(draftOf(files, NO_OPTIONS).request?.inputs).toEqual({ topic: "the history of paper" });
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

  it("in one of CrewAI's two files keeps the line the API counted", () => {
    const two = draftOf(example("research-write-edit"), NO_OPTIONS);
    const fault = { pointer: "/config/tasks_yaml/writing_task/agent", code: "c", detail: "d", remedy: "", line: 12 };
    expect(two.place(fault)).toMatchObject({ file: 1, line: 12 });
  });
});

describe("Projects", () => {
  it("of every example can be opened, and ask for the inputs they use or bring their own", () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
    for (const { name } of examples) {
      const draft = draftOf(example(name), NO_OPTIONS);
      expect(draft.faults).toEqual([]);
      expect([...draft.placeholders, ...Object.keys(draft.defaults)]).not.toEqual([]);
    }
  });

  it("of the JSON-first form bring every agent's file along, the manager's too", () => {
    const text = example("hierarchical").files[0]?.text ?? "";
    for (const name of ["manager:", "analyst:", "writer:"]) expect(text).toContain(name);
  });

  it("of the classic form say that crew.py is not read", () => {
    const files = example("research-write-edit");
    expect(files.files.map((file) => file.name)).toEqual(["agents.yaml", "tasks.yaml"]);
    expect(files.notes[0]).toContain("crew.py");
  });

  it("of any form say which Python is left out, and how it runs", () => {
    const crew = "agents: {a: {role: R}}\ntasks: []";
    const { notes } = readProject("x", {
      "crew.yaml": crew,
      "tools/own.py": "class Own: ...",
      "tools/__init__.py": "",
    });
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain("tools/own.py");
    expect(notes[0]).not.toContain("__init__");
    expect(notes[0]).toContain("stepcrew deploy");
    expect(readProject("x", { "crew.yaml": crew }).notes).toEqual([]);
    expect(() => readProject("x", { "crew.py": "crew = Crew()" })).toThrow(/stepcrew deploy/);
  });

  it("without a crew say what was looked for", () => {
    expect(() => readProject("x", { "notes.py": "" })).toThrow(NotACrew);
    expect(() => readProject("x", { "crew.jsonc": '{"agents": ["gone"], "tasks": []}' })).toThrow(/gone/);
  });
});
