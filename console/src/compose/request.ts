import { type Document, LineCounter, type Node, isMap, isScalar, isSeq, parse, parseDocument } from "yaml";
import type { Fault } from "@/api/types";
import type { CrewFile } from "./projects";

export interface Options {
  name: string;
  model: string;
  /** Field texts by input name; what the crew file itself gives is the default. */
  inputs: Record<string, string>;
  limits: Record<LimitName, string>;
}

/** What a person wrote: the text and what is set beside it. */
export interface Composition {
  crew: CrewFile;
  options: Options;
}

export const LIMIT_NAMES = ["timeout_seconds", "max_tokens", "max_cost_usd", "max_model_calls"] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

type Fields = Record<string, unknown>;

export interface Request {
  config: Fields;
  inputs: Fields;
  name?: string;
  limits?: Record<string, number>;
}

/** A fault at its place: which line of the text. `input` is set when it is about an input's value. */
export interface PlacedFault {
  line: number | null;
  input: string | null;
  /** The input only waits for a value: nothing is wrong with the crew. */
  missing: boolean;
  text: string;
  remedy: string;
}

export interface Draft {
  /** What would run; null when the text cannot be read: then `faults` say why. */
  request: Request | null;
  /** What the API can check: of a text that cannot be read, as much as could be. */
  readable: Request | null;
  faults: PlacedFault[];
  placeholders: string[];
  defaults: Fields;
  /** Where the API's fault stands; null for one that only the faults in the text itself could have made. */
  place: (fault: Fault) => PlacedFault | null;
}

/** What would be sent for the text and options, and where its parts stand in the text. */
export function draftOf({ text }: CrewFile, options: Options): Draft {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: "1.1", merge: false });
  const unreadable = document.errors.map(
    (problem): PlacedFault => ({
      ...NOTHING,
      line: lines.linePos(problem.pos[0]).line,
      text: problem.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "",
    }),
  );
  const whole = valueOfDocument(document);
  if (!whole) {
    const told = unreadable.length ? unreadable : [{ ...NOTHING, line: 1, text: NO_MAPPING }];
    return {
      request: null,
      readable: null,
      faults: told,
      placeholders: [],
      defaults: {},
      place: () => told[0] ?? null,
    };
  }
  const wrapped = fieldsOf(whole["config"]);
  const { inputs: inside, ...config } = wrapped ?? whole;
  // A declarative flow begins with the values of its state.
  const state = String(config["schema"]).startsWith("crewai.flow/") ? fieldsOf(config["state"]) : null;
  const given = { ...fieldsOf(inside), ...(wrapped ? fieldsOf(whole["inputs"]) : null) };
  const defaults = { ...fieldsOf(state?.["default"]), ...given };
  const request = assemble(config, defaults, options);
  const firstUnreadable = unreadable.length ? Math.min(...unreadable.map((each) => each.line ?? 1)) : Infinity;
  const place = (fault: Fault): PlacedFault | null => {
    const [root, ...path] = pathOf(fault.pointer);
    const steps = wrapped && root ? [root, ...path] : path;
    const line = root === "config" && path[0] !== "inputs" ? lineOf(document.contents, steps, lines) : null;
    // Behind a line that cannot be read, nobody knows what is missing and what was only not understood.
    if (unreadable.length && (line === null || line >= firstUnreadable || MAY_COME_OF_IT.test(fault.code))) return null;
    return { ...told(fault), line };
  };
  return {
    request: unreadable.length ? null : request,
    readable: request,
    faults: unreadable,
    placeholders: placeholdersOf([
      ...PARTS.map((part) => config[part]).map((part) => (typeof part === "string" ? readable(part) : part)),
      { input_files: config["input_files"] },
    ]),
    defaults,
    place,
  };
}

const NO_MAPPING = "A crew is a mapping with agents and tasks.";
const NOTHING: PlacedFault = { line: null, input: null, missing: false, text: "", remedy: "" };
/** Faults that a text which could not be read as a whole brings about by itself: something is not there. */
const MAY_COME_OF_IT = /missing|^empty$|^unknown_(agent|context)$|^no_workers$|^async_end$/;

function told(fault: Fault): PlacedFault {
  const missing = fault.code === "missing_input";
  return { ...NOTHING, input: inputOf(fault), missing, text: fault.detail, remedy: fault.remedy };
}

/** As far as it could be read. */
function valueOfDocument(document: Document): Fields | null {
  try {
    return fieldsOf(document.toJS({ maxAliasCount: 0 }) as unknown);
  } catch {
    return null;
  }
}

/** The parsed text, or nothing while it cannot be read: the API says why. */
function readable(text: string): unknown {
  try {
    return parse(text, { version: "1.1", maxAliasCount: 0, logLevel: "silent" }) as unknown;
  } catch {
    return null;
  }
}

function assemble(config: Fields, defaults: Fields, options: Options): Request {
  const inputs: Fields = { ...defaults };
  for (const [name, text] of Object.entries(options.inputs)) {
    // An empty field of an input without a default is one not given: the API names it as missing.
    if (text !== "" || name in defaults) inputs[name] = valueOfInput(text, defaults[name]);
  }
  const limits = Object.fromEntries(
    LIMIT_NAMES.flatMap((name) => (options.limits[name].trim() ? [[name, Number(options.limits[name])]] : [])),
  );
  return {
    config: options.model.trim() ? { ...config, model: options.model.trim() } : config,
    inputs,
    ...(options.name.trim() && { name: options.name.trim() }),
    ...(Object.keys(limits).length && { limits }),
  };
}

/** A field whose default is no text stays what it was, if what was typed can be read so. */
export function valueOfInput(text: string, standard: unknown): unknown {
  const file = fileOfInput(text);
  if (file !== null) return { file };
  if (standard === undefined || typeof standard === "string") return text;
  const value = jsonOf(text);
  return value === undefined ? text : value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** How the field of an input says that a file of the group is meant. */
export const textOfFile = (name: string): string => JSON.stringify({ file: name });

/** The file that the field of an input names, if it names one. */
export function fileOfInput(text: string): string | null {
  const given = fieldsOf(jsonOf(text));
  return given && Object.keys(given).length === 1 && typeof given["file"] === "string" ? given["file"] : null;
}

export function textOfInput(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

const PARTS = ["agents", "tasks", "agents_yaml", "tasks_yaml"];
const TEXT_FIELDS = new Set([
  ...["role", "goal", "backstory", "description", "expected_output"],
  ...["output_file", "input_files"],
]);
/** CrewAI's pattern, as the API finds placeholders too. */
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_-]*)\}/g;

/** Input names in braces, in order of appearance. */
function placeholdersOf(parts: unknown[]): string[] {
  const found = new Set<string>();
  const look = (value: unknown, named: boolean): void => {
    if (typeof value === "string") {
      if (named) for (const [, name] of value.matchAll(PLACEHOLDER)) found.add(name ?? "");
    } else if (Array.isArray(value)) {
      value.forEach((each) => look(each, false));
    } else if (typeof value === "object" && value !== null) {
      Object.entries(value).forEach(([key, each]) => look(each, named || TEXT_FIELDS.has(key)));
    }
  };
  parts.forEach((part) => look(part, false));
  return [...found];
}

function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The steps of an RFC 6901 JSON pointer. */
function pathOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The input a fault is about. One that is missing is told at the place that asks for it, so its name is in the text. */
function inputOf(fault: Fault): string | null {
  if (fault.code === "missing_input") return /'([^']+)'/.exec(fault.detail)?.[1] ?? null;
  const [first, second, third] = pathOf(fault.pointer);
  if (first === "inputs") return second ?? null;
  return first === "config" && second === "inputs" ? (third ?? null) : null;
}

/** The line of the deepest part of the path that stands in the text. */
function lineOf(root: Node | null, path: string[], lines: LineCounter): number {
  let node: unknown = root;
  let line = 1;
  for (const step of path) {
    let at: number | undefined;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === step);
      at = (pair?.key as Node | undefined)?.range?.[0];
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      at = (node as Node | undefined)?.range?.[0];
    }
    if (at === undefined) break;
    line = lines.linePos(at).line;
  }
  return line;
}
