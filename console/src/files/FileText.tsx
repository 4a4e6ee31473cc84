import "./files.css";
import { useMemo, useState } from "react";
import { csvLines } from "@/lib/csv";
import { Button } from "@/ui/kit";
import { Viewer } from "@/ui/Viewer";

const TABLES: Record<string, "," | "\t"> = { "text/csv": ",", "text/tab-separated-values": "\t" };
const PORTION = 200;

/** What a file says, by its kind: a table, markdown, a JSON tree, or the text as it is. */
export function FileText({ name, mediaType, text }: { name: string; mediaType: string; text: string }) {
  const comma = TABLES[mediaType];
  if (comma) return <Table name={name} text={text} comma={comma} />;
  const isRead = mediaType === "text/markdown" || mediaType === "application/json";
  return <Viewer name={name} value={text} {...(isRead ? {} : { look: "raw" as const })} />;
}

function Table({ name, text, comma }: { name: string; text: string; comma: "," | "\t" }) {
  const [most, setMost] = useState(PORTION);
  const lines = useMemo(() => parsed(text, comma), [text, comma]);
  if (!lines) return <Viewer name={name} value={text} look="raw" />;
  const [head = [], ...rows] = lines;
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="table-scroll file-table" tabIndex={0} role="region" aria-label={name}>
        <table className="data-table">
          <thead>
            <tr>
              {head.map((cell, at) => (
                <th key={at}>{cell}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row, number) => (
              <tr key={number}>
                {row.map((cell, at) => (
                  <td key={at}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && (
        <div className="viewer-more">
          <span className="faint">
            {most} of {rows.length} rows shown.
          </span>
          <Button onClick={() => setMost(most + PORTION * 5)}>Show more</Button>
        </div>
      )}
    </>
  );
}

function parsed(text: string, comma: "," | "\t"): string[][] | null {
  try {
    return csvLines(text, comma);
  } catch {
    return null;
  }
}
