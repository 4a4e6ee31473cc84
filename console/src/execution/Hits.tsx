import "./hits.css";
import type { Hit } from "@/trace/hits";

/** What was found in memory: how well it fits, what it says and where it lies. */
export function Hits({ hits }: { hits: Hit[] }) {
  if (!hits.length) return <p className="panel-note faint">Nothing was found.</p>;
  return (
    <ol className="hits" aria-label="Found">
      {hits.map((hit, index) => (
        <li key={index}>
          <span className="hit-score">{hit.score.toFixed(2)}</span>
          <div>
            <p dir="auto">{hit.text}</p>
            <bdi className="faint">{hit.scope}</bdi>
          </div>
        </li>
      ))}
    </ol>
  );
}
