import type { Json } from "@/api/types";

/** Something that a search in memory found. `score` is from 0 to 1. */
export interface Hit {
  text: string;
  scope: string;
  score: number;
}

/** What the end of a search tells, the best first; null where it is something else. */
export function hitsOf(value: Json | undefined): Hit[] | null {
  if (!Array.isArray(value)) return null;
  const hits = value.map(hitOf);
  return hits.every((hit) => hit !== null) ? hits : null;
}

function hitOf(value: Json): Hit | null {
  const { record, score } = (value ?? {}) as { record?: Json; score?: Json };
  const { content, scope } = (record ?? {}) as { content?: Json; scope?: Json };
  if (typeof content !== "string" || typeof scope !== "string" || typeof score !== "number") return null;
  return { text: content, scope, score };
}
