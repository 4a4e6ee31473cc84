import { describe, expect, it } from "vitest";
import { type Vocabulary, explanationAt, optionsAt } from "@/compose/assist";
import { placeAt } from "@/compose/yaml-place";

const words: Vocabulary = {
  schema: {
    properties: {
      name: { type: "string", description: "What the crew is called.", default: "crew" },
      agents: { type: "object", additionalProperties: { $ref: "#/$defs/Agent" }, description: "Who works." },
      tasks: { type: "array", items: { $ref: "#/$defs/Task" } },
      process: { type: "string", enum: ["sequential", "hierarchical"] },
    },
    $defs: {
      Agent: {
        type: "object",
        properties: {
          role: { type: "string", description: "Who the agent is." },
          llm: { anyOf: [{ type: "string" }, { $ref: "#/$defs/Model" }, { type: "null" }], description: "Its model." },
          tools: { type: "array", items: { type: "string" } },
          max_iter: { type: "integer", minimum: 1, maximum: 100, default: 25, description: "Model calls." },
          cache: { type: "boolean" },
        },
        required: ["role"],
      },
      Model: { type: "object", properties: { temperature: { type: "number" } } },
      Task: {
        type: "object",
        properties: {
          name: { type: "string" },
          agent: { type: "string", description: "Who does it." },
          context: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "null" }] },
        },
      },
    },
  },
  tools: [
    {
      name: "CalculatorTool",
      summary: "Calculates.",
      secrets: ["KEY"],
      effects: false,
      input_schema: {},
      of_group: false,
    },
  ],
  models: ["openai/gpt-5.2"],
  agents: ["writer"],
  tasks: ["write", "edit"],
};

/** `|` is where the cursor stands. */
function labels(marked: string): string[] {
  const at = marked.indexOf("|");
  const text = marked.slice(0, at) + marked.slice(at + 1);
  return optionsAt(text, at, words)?.options.map(({ label }) => label) ?? [];
}

describe("What may be written at a place", () => {
  it.each([
    ["fields of the crew", "na|", ["name", "agents", "tasks", "process"]],
    [
      "fields of an agent that are not there yet",
      "agents:\n  writer:\n    role: R\n    |",
      ["llm", "tools", "max_iter", "cache"],
    ],
    ["fields of a task in a list", "tasks:\n  - name: one\n    ag|\n", ["agent", "context"]],
    ["fields of a task whose dash stands under tasks", "tasks:\n- name: one\n  |", ["agent", "context"]],
    ["fields of a model's settings", "agents:\n  writer:\n    llm:\n      |", ["temperature"]],
    ["names of agents", "tasks:\n  - name: one\n    agent: w|", ["writer"]],
    ["names of tasks", "tasks:\n  - name: one\n    context: [|", ["write", "edit"]],
    ["tools, one for each line", "agents:\n  writer:\n    tools:\n      - Ca|", ["CalculatorTool"]],
    ["models", "agents:\n  writer:\n    llm: |", ["openai/gpt-5.2"]],
    ["values of a choice", "process: |", ["sequential", "hierarchical"]],
    ["true or false", "agents:\n  writer:\n    cache: |", ["true", "false"]],
    ["nothing in a text", "agents:\n  writer:\n    role: |", []],
    ["nothing in a text of several lines", "agents:\n  writer:\n    role: >\n      some te|", []],
  ])("%s", (_, text, wanted) => {
    expect(labels(text)).toEqual(wanted);
  });

  it("a field with parts goes on in the next line, another one behind its colon", () => {
    const options = optionsAt("", 0, words)?.options ?? [];
    expect(options.find(({ label }) => label === "agents")?.apply).toBe("agents:");
    expect(options.find(({ label }) => label === "name")?.apply).toBe("name: ");
  });
});

describe("What a word means", () => {
  const text = "agents:\n  writer:\n    max_iter: 3\n    tools: [CalculatorTool]\n";

  it("is told with type, bounds and default", () => {
    expect(explanationAt(text, text.indexOf("_iter"), words)).toMatchObject({
      title: "max_iter: whole number 1–100, 25 by default",
      text: "Model calls.",
    });
  });

  it("is told of a tool with the secrets it needs", () => {
    expect(explanationAt(text, text.indexOf("latorTool"), words)?.text).toBe("Calculates. Needs KEY.");
  });

  it("is not told of names people gave", () => {
    expect(explanationAt(text, text.indexOf("riter"), words)).toBeNull();
  });
});

it("A place is found in lists, in lists of lists and behind comments", () => {
  const text = 'a:\n  # c: d\n\n  - - b: 1\n      "c d": 2\n';
  expect(placeAt(text, text.indexOf("2"))).toMatchObject({ path: ["a", "[]", "[]"], key: "c d" });
});
