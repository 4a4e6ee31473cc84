/** The lines of a CSV file with their fields (RFC 4180): those in quotes may hold commas, line ends and doubled quotes.
 * Raises an Error that names the line. */
export function csvLines(given: string, comma: "," | "\t" = ","): string[][] {
  const text = given.replace(/^\uFEFF/, "");
  const lines: string[][] = [[]];
  const field =
    comma === "," ? /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y : /(?:"((?:[^"]|"")*)"|([^"\t\r\n]*))(\t|\r?\n|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) throw new Error(`Line ${lines.length} is no CSV.`);
    const [, quoted, bare = "", end] = found;
    lines.at(-1)?.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'));
    if (end !== comma && end !== "") lines.push([]);
  }
  return lines.at(-1)?.length ? lines : lines.slice(0, -1);
}
