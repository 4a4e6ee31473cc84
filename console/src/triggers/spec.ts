import type { Json } from "@/api/types";

export type Kind = "object" | "event" | "schedule" | "hook";

/** What the form holds: texts, as they are typed. */
export interface Draft {
  name: string;
  crew: string;
  kind: Kind;
  inputs: string;
  prefix: string;
  suffix: string;
  contents: string;
  bus: string;
  pattern: string;
  expression: string;
  timeZone: string;
  signature: string;
  secret: string;
  header: string;
}

export const EMPTY: Draft = {
  name: "",
  crew: "",
  kind: "object",
  inputs: "",
  prefix: "",
  suffix: "",
  contents: "text",
  bus: "",
  pattern: '{"source": ["my.application"]}',
  expression: "cron(0 9 ? * MON-FRI *)",
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
  signature: "standard",
  secret: "HOOK_",
  header: "",
};

/** What an object of JSON text says; a text that is none is an error with the field's name. */
export function parsed(text: string, field: string): Record<string, Json> {
  let value: unknown;
  try {
    value = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new Error(`${field} is no JSON.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${field} must be an object: {"name": "value"}.`);
  }
  return value as Record<string, Json>;
}

/** The body of PUT /triggers/{name}. Throws an Error that says which field is faulty. */
export function specOf(draft: Draft): Record<string, Json> {
  return { crew: draft.crew.trim(), inputs: parsed(draft.inputs, "Inputs"), [draft.kind]: ruleOf(draft) };
}

function ruleOf(draft: Draft): Json {
  switch (draft.kind) {
    case "object":
      return { prefix: draft.prefix, suffix: draft.suffix, contents: draft.contents };
    case "event": {
      const pattern = parsed(draft.pattern, "Pattern");
      return draft.bus.trim() ? { bus: draft.bus.trim(), pattern } : { pattern };
    }
    case "schedule":
      return { expression: draft.expression.trim(), time_zone: draft.timeZone.trim() };
    case "hook": {
      const rule = { signature: draft.signature, secret: { secret: draft.secret.trim() } };
      return draft.signature === "hmac" ? { ...rule, header: draft.header.trim() } : rule;
    }
  }
}
