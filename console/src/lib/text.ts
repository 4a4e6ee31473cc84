// What a crew wrote may hold anything: terminal escapes, invisible direction marks, a line of five megabytes.

// eslint-disable-next-line no-control-regex -- control characters are what this is about
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// eslint-disable-next-line no-control-regex -- as above
const ANSI = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** Terminal escapes removed, other control characters made visible. Newlines and tabs stay. */
export function harmless(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(ANSI, "").replace(CONTROL, "\ufffd");
}

/** The beginning as one line. Only what is needed is looked at, however long the text. */
export function preview(text: string, length: number): string {
  const beginning = harmless(text.slice(0, length * 4))
    .replace(/\s+/g, " ")
    .trim();
  return beginning.length > length ? `${beginning.slice(0, length - 1)}…` : beginning;
}

/** One line of Markdown without the signs that make bold, headings, links, tables or code of it. */
export function unmarked(line: string): string {
  return line
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/(\|[-: ]+)+\|/g, " ")
    .replace(/\*\*|__|~~|`+|(^|\s)#{1,6}\s/g, "$1");
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text) && /[\]}]\s*$/.test(text.slice(-20));
}

/** Null when it is not JSON, or only a bare value that a tree would not make clearer. */
export function asJson(text: string): object | null {
  if (text.length > 2_000_000 || !looksLikeJson(text)) return null;
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
