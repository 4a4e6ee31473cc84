import type { Json } from "@/api/types";

/** What the API takes in one request; larger files go through the command line, which uploads them first. */
export const MOST_BYTES = 2_000_000;

/** The rows in a text: a JSON list, JSON Lines, or CSV by its first line. Raises an Error that names the line. */
export function rowsOf(name: string, text: string): Json[] {
  if (name.toLowerCase().endsWith(".csv")) return csvRows(text);
  if (text.trimStart().startsWith("[")) return parsed(text, "The list") as Json[];
  return text.split("\n").flatMap((line, at) => (line.trim() ? [parsed(line, `Line ${at + 1}`)] : []));
}

function parsed(text: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new Error(`${where} is no JSON.`);
  }
}

/** RFC 4180: fields in quotes may hold commas, line ends and doubled quotes. */
function csvRows(text: string): Json[] {
  const [head = [], ...rows] = csvLines(text.replace(/^\uFEFF/, ""));
  return rows
    .filter((row) => row.length > 1 || row[0] !== "")
    .map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ""])));
}

function csvLines(text: string): string[][] {
  const lines: string[][] = [[]];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) throw new Error(`Line ${lines.length} is no CSV.`);
    const [, quoted, bare = "", end] = found;
    lines.at(-1)?.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end !== "," && end !== "") lines.push([]);
  }
  return lines.at(-1)?.length ? lines : lines.slice(0, -1);
}
