import JSON5 from "json5";
import { parse, stringify } from "yaml";

export interface Example {
  name: string;
  summary: string;
  files: Record<string, string>;
}

export interface SourceFile {
  name: string;
  text: string;
}

/** What the editor holds: one crew file, or CrewAI's two. `notes` tell what could not come along. */
export interface CrewFiles {
  form: "crew" | "two-files";
  name: string;
  files: SourceFile[];
  process: string;
  notes: string[];
  /** What the project's own `main.py` gives. */
  inputs?: Record<string, unknown>;
}

/** The files are no crew. The message says what was looked for. */
export class NotACrew extends Error {}

const MOST_NAMED = 5;

type Fields = Record<string, unknown>;

/** Reads the files of a crew, by their paths: a crew file, a JSON-first project or a classic project of CrewAI. */
export function readProject(name: string, files: Record<string, string>): CrewFiles {
  const found = readTexts(name, files);
  const code = codeIn(files);
  if (!code.length) return found;
  const told = `Python is not read here: ${code.join(", ")}. What it adds must stand in the files. stepcrew run carries over what it can tell of it, and stepcrew deploy runs it.`;
  return { ...found, notes: [...found.notes, told] };
}

/** Files of Python that say something; the first few stand for all of them. */
function codeIn(files: Record<string, string>): string[] {
  const said = Object.entries(files).filter(([path, text]) => path.endsWith(".py") && !!text.trim());
  const paths = said.map(([path]) => path).filter((path) => !/(^|\/)main\.py$/.test(path));
  return paths.length > MOST_NAMED ? [...paths.slice(0, MOST_NAMED), "…"] : paths;
}

function readTexts(name: string, files: Record<string, string>): CrewFiles {
  const paths = Object.keys(files);
  const named = (pattern: RegExp): string | undefined =>
    paths.filter((path) => pattern.test(path)).sort((a, b) => a.length - b.length)[0];
  const crewFile = named(/(^|\/)crew\.(ya?ml|jsonc?)$/);
  const agents = named(/(^|\/)agents\.ya?ml$/);
  const tasks = named(/(^|\/)tasks\.ya?ml$/);
  if (crewFile) return readCrewFile(name, crewFile, files);
  if (agents && tasks) return readClassic(name, agents, tasks, files);
  const only = paths.filter((path) => /\.(ya?ml|jsonc?)$/.test(path));
  if (only.length === 1 && only[0]) return readCrewFile(name, only[0], files);
  const deploy = codeIn(files).length
    ? " A project of Python is deployed with the command line: stepcrew deploy PATH."
    : "";
  throw new NotACrew(
    `No crew found. Looked for crew.yaml, crew.jsonc, agents.yaml with tasks.yaml, or one YAML or JSON file.${deploy}`,
  );
}

function readCrewFile(name: string, path: string, files: Record<string, string>): CrewFiles {
  const text = files[path] ?? "";
  const json = /\.jsonc?$/.test(path);
  const document = object(json ? JSON5.parse(text) : parse(text));
  if (!document) throw new NotACrew(`${path} must hold a mapping with agents and tasks.`);
  const config = object(document["config"]) ?? document;
  const own =
    typeof document["name"] === "string"
      ? document["name"]
      : typeof config["name"] === "string"
        ? config["name"]
        : name;
  if (Array.isArray(config["agents"]) && config["agents"].every((each) => typeof each === "string")) {
    return readJsonFirst(own, path, config, files);
  }
  if (!json) return crew(own, text, []);
  return crew(
    own,
    stringify(document, { lineWidth: 110 }),
    /(^|\s)\/\//.test(text) ? ["Comments of the JSON file are not kept."] : [],
  );
}

/** Agents stand in files of their own; here they become one crew file. */
function readJsonFirst(name: string, path: string, config: Fields, files: Record<string, string>): CrewFiles {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/") + 1) : "";
  const manager = config["manager_agent"];
  const wanted = [...(config["agents"] as string[]), ...(typeof manager === "string" ? [manager] : [])];
  const agents: Fields = {};
  for (const each of wanted) {
    const text = files[`${folder}agents/${each}.jsonc`] ?? files[`${folder}agents/${each}.json`];
    if (text === undefined) throw new NotACrew(`The agent ${each} has no file agents/${each}.jsonc.`);
    const { settings, ...agent } = object(JSON5.parse(text)) ?? {};
    agents[each] = { ...agent, ...object(settings) };
  }
  return crew(name, stringify({ name, ...config, agents }, { lineWidth: 110 }), []);
}

function readClassic(name: string, agents: string, tasks: string, files: Record<string, string>): CrewFiles {
  const named = (pattern: RegExp): string | undefined =>
    Object.entries(files).find(([path]) => pattern.test(path))?.[1];
  const code = named(/(^|\/)crew\.py$/);
  const hierarchical = code !== undefined && /Process\.hierarchical/.test(code);
  return {
    form: "two-files",
    name,
    files: [
      { name: "agents.yaml", text: files[agents] ?? "" },
      { name: "tasks.yaml", text: files[tasks] ?? "" },
    ],
    process: hierarchical ? "hierarchical" : "sequential",
    inputs: inputsOf(named(/(^|\/)main\.py$/) ?? ""),
    notes: [],
  };
}

/** The texts and numbers that CrewAI's `main.py` starts its crew with; what it computes is not known here. */
function inputsOf(code: string): Fields {
  const dictionary = /\binputs\s*=\s*\{([^{}]*)\}/.exec(code)?.[1] ?? "";
  const pairs = dictionary.matchAll(
    /(["'])([\w-]+)\1\s*:\s*(?:(["'])((?:(?!\3)[^\\\n])*)\3|(-?\d+(?:\.\d+)?))\s*(?=,|$)/g,
  );
  return Object.fromEntries([...pairs].map(([, , name = "", , text, number]) => [name, text ?? Number(number)]));
}

function crew(name: string, text: string, notes: string[]): CrewFiles {
  return { form: "crew", name, files: [{ name: "crew.yaml", text }], process: "", notes };
}

function object(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export const BLANK: CrewFiles = crew(
  "my-crew",
  `name: my-crew
agents:
  writer:
    role: Writer
    goal: Write about {topic}
    backstory: You write short, clear sentences.
tasks:
  - name: write
    agent: writer
    description: Write one paragraph about {topic}.
    expected_output: One paragraph.
inputs:
  topic: the sea
`,
  [],
);
