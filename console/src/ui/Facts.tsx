import "./facts.css";
import type { ReactNode } from "react";

export type FactRow = readonly [name: string, value: ReactNode];

/** Names and values, below each other in a panel, else side by side where there is room; those without a value are left
 * out. */
export function Facts({ rows, look = "grid" }: { rows: readonly FactRow[]; look?: "grid" | "panel" }) {
  return (
    <dl className={`${look}-facts`}>
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
