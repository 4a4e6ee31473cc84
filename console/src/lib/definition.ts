import { parse } from "yaml";
import type { Definition } from "@/api/queries";

// A crew as somebody wrote it, in whichever of the accepted forms: what its tasks and agents say.

export interface DefinedTask {
  name: string;
  description: string;
  expected: string;
  agent: string;
  context: string[];
  /** It sees no output of another task: because it says so, or because it is started without waiting for any. */
  readsNone: boolean;
}

interface DefinedAgent {
  name: string;
  role: string;
  goal: string;
  backstory: string;
  model: string;
  tools: string[];
}

type Fields = Record<string, unknown>;

/** Tasks in order, whichever of the accepted forms the definition has; inputs stand where their names stood. */
export function tasksOf(definition: Partial<Definition> | undefined): DefinedTask[] {
  return parts(definition, "tasks").map(([key, fields]) => ({
    name: text(fields["name"], definition) || key,
    description: text(fields["description"], definition),
    expected: text(fields["expected_output"], definition),
    agent: text(fields["agent"], definition),
    context: names(fields["context"]),
    readsNone: Array.isArray(fields["context"]) ? !fields["context"].length : fields["async_execution"] === true,
  }));
}

export function agentsOf(definition: Partial<Definition> | undefined): DefinedAgent[] {
  return parts(definition, "agents").map(([key, fields]) => ({
    name: text(fields["name"], definition) || key,
    role: text(fields["role"], definition),
    goal: text(fields["goal"], definition),
    backstory: text(fields["backstory"], definition),
    model: text(fields["llm"] ?? fields["model"], definition),
    tools: names(fields["tools"]),
  }));
}

function parts(definition: Partial<Definition> | undefined, name: "agents" | "tasks"): [string, Fields][] {
  const { config } = definition ?? {};
  let given = config?.[name] ?? config?.[`${name}_yaml`];
  if (typeof given === "string") {
    try {
      given = parse(given) as unknown;
    } catch {
      return []; // it was accepted once, so this is a YAML that only the API reads
    }
  }
  if (Array.isArray(given)) return given.map((each) => ["", fieldsOf(each)]);
  return Object.entries(fieldsOf(given)).map(([key, each]) => [key, fieldsOf(each)]);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown, definition: Partial<Definition> | undefined): string {
  if (typeof value !== "string") return "";
  return value.replace(/\{([A-Za-z_][A-Za-z0-9_-]*)\}/g, (whole, name: string) => {
    const input = definition?.inputs?.[name];
    return typeof input === "string" || typeof input === "number" ? String(input) : whole;
  });
}

function names(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each) => {
    if (typeof each === "string") return [each];
    const name = fieldsOf(each)["name"];
    return typeof name === "string" ? [name] : [];
  });
}
