/** Where a place of a YAML text is, told by its indentation: that works while the text is being written, too. */
export interface Place {
  /** The keys that lead to the line, outermost first; `[]` is an entry of a list. Without the line's own key. */
  path: string[];
  /** The line's own key; "" while there is none. */
  key: string;
  /** Where its key stands, and where what follows the colon does (-1 without one). Offsets in the text. */
  keyAt: number;
  valueAt: number;
}

interface Line {
  dashes: number[];
  column: number;
  key: string;
  /** Behind the colon; -1 without one. */
  value: number;
}

const LINE = /^(\s*)((?:-\s+|-$)*)(?:("?)([A-Za-z_][\w .-]*)\3(\s*:(?=\s|$))?)?/;

export function placeAt(text: string, at: number): Place {
  const begin = text.lastIndexOf("\n", at - 1) + 1;
  const own = read(text.slice(begin, endOfLine(text, at)));
  const path: string[] = [];
  /** The column that a parent must lie left of; an entry of a list may stand right under its parent's key. */
  const level = { column: own.column, inItem: false };
  const enter = (dashes: number[]): void => {
    for (const dash of [...dashes].reverse()) {
      if (dash >= level.column) continue;
      path.unshift("[]");
      level.column = dash;
      level.inItem = true;
    }
  };
  enter(own.dashes);
  for (let end = begin - 1; end > 0 && (level.column > 0 || level.inItem); ) {
    const from = text.lastIndexOf("\n", end - 1) + 1;
    const line = text.slice(from, end);
    end = from - 1;
    if (!line.trim() || line.trimStart().startsWith("#")) continue;
    const above = read(line);
    if (above.value >= 0 && (above.column < level.column || (level.inItem && above.column === level.column))) {
      path.unshift(above.key);
      level.column = above.column;
      level.inItem = false;
    }
    enter(above.dashes);
  }
  const valueAt = own.value < 0 ? -1 : begin + own.value;
  return { path, key: own.value < 0 ? "" : own.key, keyAt: begin + own.column, valueAt };
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function read(line: string): Line {
  const [, space = "", dashes = "", quote = "", key = "", colon] = LINE.exec(line) ?? [];
  const column = space.length + dashes.length;
  const at = [...dashes.matchAll(/-/g)].map(({ index }) => space.length + index);
  return { dashes: at, column, key, value: colon ? column + key.length + 2 * quote.length + colon.length : -1 };
}
