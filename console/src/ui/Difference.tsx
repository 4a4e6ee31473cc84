import "./difference.css";
import { diffLines, diffWordsWithSpace } from "diff";
import { useMemo } from "react";
import { harmless } from "@/lib/text";
import { ScrollText } from "@/ui/ScrollText";

/** More than this would hold the page up. Characters. */
const MOST = 60_000;
const TIMEOUT_MS = 1_500;
/** So many equal lines stay in sight around a change. */
const AROUND = 3;

interface Props {
  before: string | null;
  after: string | null;
  /** Compared line by line, and only the lines around changes are shown. */
  code?: boolean;
  /** What is said when nothing differs. */
  same?: string;
}

/** Two texts as one, with what was taken out and put in. */
export default function Difference({ before, after, code = false, same = "The outputs are the same." }: Props) {
  const cut = (before?.length ?? 0) > MOST || (after?.length ?? 0) > MOST;
  const parts = useMemo(() => {
    if (before === null || after === null) return null;
    const [a, b] = [harmless(before.slice(0, MOST)), harmless(after.slice(0, MOST))];
    const options = { timeout: TIMEOUT_MS };
    return (code ? diffLines(a, b, options) : diffWordsWithSpace(a, b, options)) ?? null;
  }, [before, after, code]);
  if (before === after) return <p className="faint">{same}</p>;
  if (!parts) {
    return (
      <div className="two-texts">
        {[before, after].map((text, index) => (
          <div key={index}>
            {text === null ? (
              <p className="faint">No output.</p>
            ) : (
              <ScrollText>{harmless(text.slice(0, MOST))}</ScrollText>
            )}
          </div>
        ))}
      </div>
    );
  }
  return (
    <>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it can be scrolled by keyboard */}
      <div className={code ? "difference difference-code" : "difference"} dir="auto" tabIndex={0}>
        {parts.map((part, index) =>
          part.added ? (
            <ins key={index}>{part.value}</ins>
          ) : part.removed ? (
            <del key={index}>{part.value}</del>
          ) : (
            <span key={index} className="difference-same">
              {code ? shortened(part.value, index === 0, index === parts.length - 1) : part.value}
            </span>
          ),
        )}
      </div>
      {cut && <p className="faint">Only the beginnings are compared.</p>}
    </>
  );
}

/** Equal lines far from any change are left out. */
function shortened(text: string, first: boolean, last: boolean): string {
  const lines = text.split("\n");
  const head = first ? 0 : AROUND;
  const tail = last ? 0 : AROUND + 1; // the text ends with a line break
  if (lines.length <= head + tail + 2) return text;
  const left = lines.length - head - tail;
  return (
    [...lines.slice(0, head), `⋯ ${left} equal lines`, ...lines.slice(lines.length - tail)].join("\n") +
    (last ? "\n" : "")
  );
}
