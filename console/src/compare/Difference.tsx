import { diffWordsWithSpace } from "diff";
import { useMemo } from "react";
import { harmless } from "@/lib/text";

/** More than this would hold the page up. Characters. */
const MOST = 60_000;

/** Two texts as one, with what was taken out and put in. */
export default function Difference({ before, after }: { before: string | null; after: string | null }) {
  const cut = (before?.length ?? 0) > MOST || (after?.length ?? 0) > MOST;
  const parts = useMemo(() => {
    if (before === null || after === null) return null;
    return (
      diffWordsWithSpace(harmless(before.slice(0, MOST)), harmless(after.slice(0, MOST)), { timeout: 1_500 }) ?? null
    );
  }, [before, after]);
  if (before === after) return <p className="faint">The outputs are the same.</p>;
  if (!parts) {
    return (
      <div className="two-texts">
        {[before, after].map((text, index) => (
          <div key={index}>
            {text === null ? (
              <p className="faint">No output.</p>
            ) : (
              <pre className="raw">{harmless(text.slice(0, MOST))}</pre>
            )}
          </div>
        ))}
      </div>
    );
  }
  return (
    <>
      <div className="difference">
        {parts.map((part, index) =>
          part.added ? (
            <ins key={index}>{part.value}</ins>
          ) : part.removed ? (
            <del key={index}>{part.value}</del>
          ) : (
            <span key={index}>{part.value}</span>
          ),
        )}
      </div>
      {cut && <p className="faint">Only the beginnings are compared.</p>}
    </>
  );
}
