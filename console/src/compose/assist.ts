import type { Tool } from "@/api/types";
import { type Place, placeAt } from "./yaml-place";

/** A JSON Schema, as far as it is read here. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  required?: string[];
  minimum?: number;
  maximum?: number;
}

/** What may stand in a crew. */
export interface Vocabulary {
  schema: Schema | null;
  tools: Tool[];
  models: string[];
  agents: string[];
  tasks: string[];
}

interface Option {
  label: string;
  /** What is written; the label otherwise. */
  apply?: string;
  /** Its type, in a word. */
  detail: string;
  info: string;
}

export interface Options {
  /** Where the word begins that an option replaces. */
  from: number;
  options: Option[];
}

export interface Explanation {
  from: number;
  to: number;
  title: string;
  text: string;
}

const MODELS = new Set(["model", "llm", "manager_llm", "planning_llm", "function_calling_llm"]);
const AGENTS = new Set(["agent", "manager_agent"]);
const TOOLS = new Set(["tools", "effects"]);

/** What may be written at a place of a crew file. */
export function optionsAt(text: string, at: number, words: Vocabulary): Options | null {
  const place = placeAt(text, at);
  const before = text.slice(text.lastIndexOf("\n", at - 1) + 1, at);
  if (place.valueAt >= 0 && at > place.valueAt) {
    const from = at - (/[^\s[,"]*$/.exec(before)?.[0].length ?? 0);
    const options = valuesOf([...place.path, place.key], words);
    return options.length ? { from, options } : null;
  }
  if (!/^\s*(?:-\s+)*[\w.-]*$/.test(before)) return null;
  const from = place.keyAt;
  const path = place.path;
  const options = [...keysOf(path, words), ...(path.at(-1) === "[]" ? valuesOf(path, words) : [])];
  const written = siblings(text, place);
  const open = options.filter(({ label }) => !written.has(label) || text.slice(from, at) === label);
  return open.length ? { from, options: open } : null;
}

/** What the word at a place means. */
export function explanationAt(text: string, at: number, words: Vocabulary): Explanation | null {
  const place = placeAt(text, at);
  const path = place.path;
  if (place.key && at >= place.keyAt && at <= place.keyAt + place.key.length) {
    const found = schemasAt([...path, place.key], words.schema);
    const help = found.map((each) => each.description).find(Boolean);
    if (!help) return null;
    const type = typeOf(found, words.schema);
    return { from: place.keyAt, to: place.keyAt + place.key.length, title: `${place.key}: ${type}`, text: help };
  }
  const [begin, end] = wordAt(text, at);
  const tool = words.tools.find(({ name }) => name === text.slice(begin, end));
  return tool ? { from: begin, to: end, title: tool.name, text: toolHelp(tool) } : null;
}

function toolHelp({ summary, secrets }: Tool): string {
  return secrets.length ? `${summary} Needs ${secrets.join(", ")}.` : summary;
}

function wordAt(text: string, at: number): [number, number] {
  const before = /[\w-]*$/.exec(text.slice(0, at))?.[0].length ?? 0;
  const after = /^[\w-]*/.exec(text.slice(at))?.[0].length ?? 0;
  return [at - before, at + after];
}

function keysOf(path: string[], { schema }: Vocabulary): Option[] {
  return schemasAt(path, schema).flatMap((part) =>
    Object.entries(part.properties ?? {}).map(([name, field]) => {
      const resolved = alternatives(field, schema);
      const nested = resolved.every((each) => each.type === "object" || each.type === "array");
      const needed = part.required?.includes(name) ? ", needed" : "";
      return {
        label: name,
        apply: nested ? `${name}:` : `${name}: `,
        detail: typeOf([field], schema) + needed,
        info: field.description ?? "",
      };
    }),
  );
}

function valuesOf(path: string[], words: Vocabulary): Option[] {
  const name = path.at(-1) === "[]" ? (path.at(-2) ?? "") : (path.at(-1) ?? "");
  if (AGENTS.has(name)) return words.agents.map((label) => ({ label, detail: "agent", info: "" }));
  if (name === "context") return words.tasks.map((label) => ({ label, detail: "task", info: "" }));
  if (MODELS.has(name)) return words.models.map((label) => ({ label, detail: "model", info: "" }));
  if (TOOLS.has(name)) return words.tools.map((tool) => ({ label: tool.name, detail: "tool", info: toolHelp(tool) }));
  return schemasAt(path, words.schema).flatMap((each) => {
    const values = each.enum ?? (each.const === undefined ? [] : [each.const]);
    const known = each.type === "boolean" ? [true, false] : values;
    return known.map((value) => ({ label: String(value), detail: "", info: "" }));
  });
}

/** The keys that stand beside a place already. */
function siblings(text: string, place: Place): Set<string> {
  const column = place.keyAt - text.lastIndexOf("\n", place.keyAt - 1) - 1;
  const found = new Set<string>();
  for (const step of [-1, 1]) {
    let begin = text.lastIndexOf("\n", place.keyAt - 1) + 1;
    for (;;) {
      const next = step < 0 ? text.lastIndexOf("\n", begin - 2) + 1 : text.indexOf("\n", begin) + 1;
      if ((step < 0 && begin === 0) || (step > 0 && next === 0)) break;
      begin = next;
      const line = /^([\s-]*)([\w-]+)?/.exec(text.slice(begin).split("\n", 1)[0] ?? "");
      const [whole = "", indent = "", key = ""] = line ?? [];
      if (!whole.trim()) continue;
      if (indent.length < column) break;
      if (indent.length > column) continue;
      const item = indent.includes("-");
      if (item && step > 0) break;
      found.add(key);
      if (item) break;
    }
  }
  return found;
}

/** The schemas that a path leads to: several where a value may have several forms. */
function schemasAt(path: string[], root: Schema | null): Schema[] {
  if (!root) return [];
  const steps = path[0] === "config" ? path.slice(1) : path;
  let found = alternatives(root, root);
  for (const step of steps) {
    found = found.flatMap((part) => {
      const own = part.properties && Object.hasOwn(part.properties, step) ? part.properties[step] : undefined;
      const other = typeof part.additionalProperties === "object" ? part.additionalProperties : undefined;
      // Tasks may be a mapping, each under its name.
      const next = step === "[]" ? part.items : (own ?? other ?? part.items);
      return next ? alternatives(next, root) : [];
    });
  }
  return found;
}

/** A field's own description belongs to each of its forms. */
function alternatives(schema: Schema, root: Schema | null): Schema[] {
  const name = schema.$ref?.split("/").at(-1);
  const target = name === undefined ? undefined : root?.$defs?.[name];
  const own = schema.description;
  const parts = target
    ? alternatives(target, root)
    : (schema.anyOf?.flatMap((each) => alternatives(each, root)) ?? [schema]);
  return parts
    .filter((each) => each.type !== "null")
    .map((each) => (own === undefined || each === schema ? each : { ...each, description: own }));
}

const TYPE_NAMES: Record<string, string> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  array: "list",
  object: "object",
};

function typeOf(schemas: Schema[], root: Schema | null): string {
  const names = schemas
    .flatMap((each) => alternatives(each, root))
    .map(({ type, enum: values, minimum, maximum }) => {
      if (values) return values.map(String).join(" | ");
      const range = minimum === undefined ? "" : maximum === undefined ? ` from ${minimum}` : ` ${minimum}–${maximum}`;
      return (TYPE_NAMES[type ?? ""] ?? "value") + range;
    });
  const standard = schemas.map((each) => each.default).find((each) => each !== undefined && each !== null);
  const plain = typeof standard === "string" || typeof standard === "number" || typeof standard === "boolean";
  const told = plain ? `, ${String(standard)} by default` : "";
  return [...new Set(names)].join(" or ") + told;
}
