import { CREW_FILE } from "./kinds";
import type { Project } from "./projects";

const MOST_FILES = 200;
const MOST_BYTES = 2_000_000;
const SKIPPED = /(^|\/)(node_modules|\.git|\.venv|venv|__pycache__|dist|build)(\/|$)/;

/** The text of chosen files by their path inside what was chosen. */
export async function readFiles(list: Iterable<File>): Promise<Project> {
  const found: Record<string, string> = {};
  let name = "";
  for (const file of list) {
    const path = file.webkitRelativePath || file.name;
    const inside = file.webkitRelativePath ? path.slice(path.indexOf("/") + 1) : path;
    name ||= file.webkitRelativePath ? path.slice(0, path.indexOf("/")) : file.name.replace(/\.[^.]+$/, "");
    await take(found, inside, file);
  }
  return { name, files: found };
}

/** The same for what was dropped, folders included. Must be called before the drop event ends. */
export async function readDrop(data: DataTransfer): Promise<Project> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: Record<string, string> = {};
  const single = entries.length === 1 && entries[0]?.isDirectory;
  const visit = async (entry: FileSystemEntry, path: string): Promise<void> => {
    if (SKIPPED.test(path)) return;
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      await take(found, path, file);
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (!part.length) return;
      for (const each of part) await visit(each, path ? `${path}/${each.name}` : each.name);
    }
  };
  for (const entry of entries) await visit(entry, single ? "" : entry.name);
  return { name: (entries[0]?.name ?? "").replace(/\.[^.]+$/, ""), files: found };
}

async function take(found: Record<string, string>, path: string, file: File): Promise<void> {
  if (!CREW_FILE.test(path) || SKIPPED.test(path)) return;
  if (file.size > MOST_BYTES) throw new Error(`${path} is too large for a crew.`);
  if (Object.keys(found).length >= MOST_FILES) throw new Error("These are too many files for one crew.");
  found[path] = await file.text();
}
