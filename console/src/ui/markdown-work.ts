/** Up to here the markdown of a text is shown formatted. Reading it costs most for marks of lists and quotes (one object
 * of the page each, and again for each level), and for signs that may begin or end something within a paragraph. */
export const MOST = { characters: 150_000, lines: 3_000, marks: 2_000, levels: 30, signs: 4_000 };

const MARKS = /^(?:[ \t]*(?:>|[-+*](?=\s|$)|\d{1,9}[.)](?=\s|$)))+/;
const ONE_MARK = />|[-+*]|\d+[.)]/g;
const SIGNS = /[*_[<`~]/g;

/** Whether formatting a text would keep the page busy for seconds; counted in one pass over it. */
export function isTooIntricate(text: string): boolean {
  if (text.length > MOST.characters) return true;
  let marks = 0;
  let lines = 0;
  let signs = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    lines += 1;
    const indented = Math.floor((line.length - line.trimStart().length) / 2);
    const begun = MARKS.exec(line)?.[0].match(ONE_MARK)?.length ?? 0;
    const levels = begun === 0 ? 0 : begun + indented;
    marks += levels;
    signs += line.match(SIGNS)?.length ?? 0;
    if (levels > MOST.levels || lines > MOST.lines || marks > MOST.marks || signs > MOST.signs) return true;
  }
  return false;
}
