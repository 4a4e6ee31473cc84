import type { ReactNode } from "react";

export type FactRow = [name: string, value: ReactNode];

/** Names and values; those without a value are left out. */
export function PanelFacts({ rows }: { rows: FactRow[] }) {
  return (
    <dl className="panel-facts">
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
