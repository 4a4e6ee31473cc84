import type { Json } from "@/api/types";

export interface ToolCall {
  name: string;
  args: Json;
  /** What the result of the call refers to; "" where the provider gives none. */
  id: string;
}

export interface Message {
  role: string;
  content: Json;
  calls: ToolCall[];
  /** Of a tool's result: the tool, where it is known. */
  tool: string;
}

type Fields = Record<string, Json | undefined>;

/** The conversation a model was sent, or null when the body has another form. */
export function asMessages(body: Json | undefined): Message[] | null {
  if (!Array.isArray(body) || body.length === 0) return null;
  const messages: Message[] = [];
  const tools = new Map<string, string>();
  for (const each of body) {
    if (typeof each !== "object" || each === null || Array.isArray(each)) return null;
    const { role, content, tool_calls: given, name, tool_call_id: answers } = each as Fields;
    if (typeof role !== "string") return null;
    const calls = Array.isArray(given) ? given.map(callOf) : [];
    for (const call of calls) tools.set(call.id, call.name);
    const known = typeof answers === "string" ? tools.get(answers) : undefined;
    const tool = typeof name === "string" ? name : (known ?? "");
    messages.push({ role, content: textParts(content ?? null), calls, tool: role === "tool" ? tool : "" });
  }
  return messages;
}

/** How many messages at the beginning are those of the call before. */
export function sharedBeginning(now: readonly Message[], before: readonly Message[] | null): number {
  if (!before) return 0;
  const differs = now.findIndex((message, index) => JSON.stringify(message) !== JSON.stringify(before[index]));
  return differs < 0 ? now.length : differs;
}

/** Content in parts is shown as its text where all parts are text. */
function textParts(content: Json): Json {
  if (!Array.isArray(content)) return content;
  const texts = content.map((part) =>
    typeof part === "object" && part !== null && !Array.isArray(part) ? part["text"] : undefined,
  );
  return texts.every((text) => typeof text === "string") ? texts.join("\n") : content;
}

function callOf(call: Json): ToolCall {
  const outer = (typeof call === "object" && call !== null && !Array.isArray(call) ? call : {}) as Fields;
  const inner = (
    typeof outer["function"] === "object" && outer["function"] !== null ? outer["function"] : outer
  ) as Fields;
  return {
    name: typeof inner["name"] === "string" ? inner["name"] : "a tool",
    args: inner["arguments"] ?? inner["input"] ?? null,
    id: typeof outer["id"] === "string" ? outer["id"] : "",
  };
}

const CALLS_MOST = 50_000;

/** The tools a model's answer asks for, when that is all it says; providers differ, and some send them as JSON text. */
export function toolCalls(answer: Json | undefined): ToolCall[] {
  let body = answer;
  if (typeof answer === "string") {
    if (!/^\s*\[\s*\{/.test(answer) || answer.length > CALLS_MOST) return [];
    try {
      body = JSON.parse(answer) as Json;
    } catch {
      return [];
    }
  }
  if (!Array.isArray(body) || !body.length) return [];
  const isCall = (each: Json): boolean =>
    typeof each === "object" &&
    each !== null &&
    !Array.isArray(each) &&
    ("function" in each || each["type"] === "tool_use");
  return body.every(isCall) ? body.map(callOf) : [];
}
