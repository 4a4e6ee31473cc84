import type { BodyReference, Json } from "@/api/types";

/** The value of a whole body: JSON where it says so, text otherwise. */
export function bodyValue(text: string, contentType: string): Json {
  if (!contentType.includes("json")) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** The beginning of a large body as a reader would see it: without quotation marks and escapes around a text. */
export function beginningOf({ preview, content_type: type }: BodyReference): string {
  if (!type.includes("json")) return preview;
  const start = preview.trimStart();
  if (start.startsWith('"')) return cutText(start.slice(1));
  // Of messages, what the first one says.
  const content = /^\[\s*\{.*?"content"\s*:\s*"/s.exec(start);
  return content ? cutText(start.slice(content[0].length)) : preview;
}

/** A JSON text that may have been cut anywhere, without its opening quotation mark. */
function cutText(text: string): string {
  const whole = /^(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/.exec(text)?.[0] ?? "";
  try {
    return JSON.parse(`"${whole}"`) as string;
  } catch {
    return whole; // a control character that JSON does not allow
  }
}
