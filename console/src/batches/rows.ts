import type { Json } from "@/api/types";
import { csvLines } from "@/lib/csv";

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

function csvRows(text: string): Json[] {
  const [head = [], ...rows] = csvLines(text);
  return rows
    .filter((row) => row.length > 1 || row[0] !== "")
    .map((row) => Object.fromEntries(head.map((name, at) => [name, row[at] ?? ""])));
}
