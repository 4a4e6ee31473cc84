import "./facts.css";
import type { ReactNode } from "react";

export type FactRow = readonly [name: string, value: ReactNode];

/** Names and values, side by side where there is room; those without a value are left out. */
export function Facts({ rows, className = "" }: { rows: readonly FactRow[]; className?: string }) {
  return (
    <dl className={`fact-list ${className}`}>
      {rows.map(
        ([name, value]) =>
          value !== null &&
          value !== undefined &&
          value !== "" && (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
