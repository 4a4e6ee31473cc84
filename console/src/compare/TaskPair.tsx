import "@/ui/card.css";
import { Suspense, lazy, useState } from "react";
import { formatCost, formatDuration, formatNumber } from "@/lib/format";
import type { Json, TraceEvent } from "@/api/types";
import { asMessages } from "@/trace/messages";
import { Trouble } from "@/ui/kit";
import { Segments } from "@/ui/Segments";
import { useBody } from "@/ui/useBody";
import { textOf } from "@/ui/Viewer";
import type { Pair, PairSide } from "./pairs";

const Difference = lazy(() => import("@/ui/Difference"));

const LOOKS = [
  ["output", "Output"],
  ["prompt", "Prompt"],
] as const;
const STATES = { absent: "not in this crew", unfinished: "not finished" } as const;

/** One task of two executions: what it took in each, and how its outputs, or what was sent for it, differ. */
export function TaskPair({ pair, longest }: { pair: Pair; longest: number }) {
  const [look, setLook] = useState<(typeof LOOKS)[number][0]>("output");
  const [first, second] = pair.sides;
  const { prompt: before } = first;
  const { prompt: after } = second;
  return (
    <article className="card" aria-label={pair.name}>
      <h3 className="card-head compare-head">
        <bdi title={pair.name}>{pair.name}</bdi>
        <span className="compare-bars">
          {pair.sides.map((side, index) => (
            <SideLine key={index} side={side} index={index} longest={longest} />
          ))}
        </span>
      </h3>
      <div className="card-body">
        {before && after && <Segments label="Compare" choices={LOOKS} chosen={look} onChoose={setLook} />}
        <Suspense fallback={<p className="faint">Comparing…</p>}>
          {look === "prompt" && before && after ? (
            <Prompts before={before} after={after} />
          ) : (
            <Difference before={first.text} after={second.text} />
          )}
        </Suspense>
      </div>
    </article>
  );
}

function SideLine({ side, index, longest }: { side: PairSide; index: number; longest: number }) {
  if (side.state === "absent") return <span className="compare-bar faint">{STATES.absent}</span>;
  return (
    <span className="compare-bar">
      <span className="mini-bar" aria-hidden>
        <span className={`side-${index}`} style={{ width: `${((side.time ?? 0) / longest) * 100}%` }} />
      </span>
      {side.state === "unfinished" ? STATES.unfinished : side.time === null ? "–" : formatDuration(side.time)}
      {side.tokens > 0 && `, ${formatNumber(side.tokens)} tokens`}
      {side.cost !== null && `, ${formatCost(side.cost)}`}
    </span>
  );
}

/** What the first model call of the task was sent in each. */
function Prompts({ before, after }: { before: TraceEvent; after: TraceEvent }) {
  const first = useBody(before.output as Json, before.output_reference);
  const second = useBody(after.output as Json, after.output_reference);
  const error = first.error ?? second.error;
  if (error) return <Trouble error={error} />;
  return (
    <Difference before={promptText(first.value)} after={promptText(second.value)} same="The prompts are the same." />
  );
}

function promptText(body: Json | undefined): string {
  const messages = asMessages(body);
  return messages ? messages.map(({ role, content }) => `${role}:\n${textOf(content)}`).join("\n\n") : textOf(body);
}
