import "./check-result.css";
import type { DryRun } from "@/api/types";
import { formatCost, formatDuration } from "@/lib/format";
import { Trouble } from "@/ui/kit";
import type { PlacedFault } from "./request";

interface Props {
  /** What is wrong, without the inputs that only wait for a value. */
  faults: PlacedFault[];
  missing: string[];
  plan: DryRun | undefined;
  busy: boolean;
  error: unknown;
  onGoTo: (fault: PlacedFault) => void;
  onAsk: (input: string) => void;
}

/** Whether the crew can run: its faults at their lines, the inputs it waits for, or what would run. */
export function CheckResult({ faults, missing, plan, busy, error, onGoTo, onAsk }: Props) {
  if (faults.length) {
    return (
      <section className="check-result check-result-bad" aria-label="Faults" aria-live="polite">
        <h2>
          {faults.length} {faults.length === 1 ? "fault" : "faults"} to mend
        </h2>
        <ul>
          {faults.map((fault, index) => (
            <li key={index}>
              <button type="button" disabled={fault.line === null} onClick={() => onGoTo(fault)}>
                {fault.line !== null && <span className="fault-line">Line {fault.line}</span>}{" "}
                <bdi>
                  {fault.text} <span className="faint">{fault.remedy}</span>
                </bdi>
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (error) return <Trouble error={error} />;
  if (missing.length) {
    return (
      <section className="check-result check-result-asks" aria-live="polite">
        <h2>Waits for {missing.length === 1 ? "an input" : "inputs"}</h2>
        <p>
          {missing.map((name) => (
            <button key={name} type="button" className="ask" onClick={() => onAsk(name)}>
              {name}
            </button>
          ))}
        </p>
      </section>
    );
  }
  if (!plan || busy) return <p className="check-result faint">Checking…</p>;
  return (
    <section className="check-result check-result-good" aria-live="polite">
      <h2>Ready to run</h2>
      <p dir="auto">
        {plan.tasks.length} {plan.tasks.length === 1 ? "task" : "tasks"}, {plan.agents.length}{" "}
        {plan.agents.length === 1 ? "agent" : "agents"}, {plan.process}; {plan.models.length > 1 ? "models" : "model"}{" "}
        {plan.models.join(", ") || "–"}
        {plan.tools.length > 0 && <>; tools {plan.tools.join(", ")}</>}
      </p>
      {plan.estimate && <p className="faint">{estimateText(plan.estimate)}</p>}
    </section>
  );
}

/** What earlier ones cost and took: the middle, and the range where there was more than one. */
function estimateText({ executions, total_usd: cost, seconds }: NonNullable<DryRun["estimate"]>): string {
  const time = (value: number): string => formatDuration(value * 1000);
  const parts = [...(cost ? [rangeText(cost, formatCost, executions)] : []), rangeText(seconds, time, executions)];
  return `Probably ${parts.join(" and ")}, as the last ${executions === 1 ? "one" : executions} of this name.`;
}

interface Range {
  low: number;
  median: number;
  high: number;
}

function rangeText({ low, median, high }: Range, show: (value: number) => string, executions: number): string {
  return executions === 1 ? show(median) : `${show(median)} (${show(low)} to ${show(high)})`;
}
