import { RotateCcw } from "lucide-react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { Firing } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { formatDateTime } from "@/lib/format";
import { Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { Columns, SettingsTable } from "@/ui/Settings";
import { useFireAgain, useFirings } from "./triggers";

const WORDS: Record<Firing["status"], string> = {
  STARTED: "Started",
  FAILED: "Failed",
  SKIPPED: "Skipped",
  DEFERRED: "Goes on later",
};

/** The last firings of a trigger: what each cause started, or why it did not. */
export function Firings({ name }: { name: string }) {
  const firings = useFirings(name);
  const again = useFireAgain();
  const mayFire = useMayWrite();
  if (firings.isPending) return <Loading />;
  if (firings.error) return <Trouble error={firings.error} retry={() => void firings.refetch()} />;
  if (firings.data.length === 0) return <Empty title="It has not fired yet" />;
  return (
    <>
      <SettingsTable
        label={`Firings of ${name}`}
        head={
          <Columns titles={["Fired", "Outcome", "Executions", "Cause", "Reason"]} actions={mayFire && "Fire again"} />
        }
      >
        {firings.data.map((firing) => (
          <tr key={firing.firing_id}>
            <td>{formatDateTime(firing.fired_at)}</td>
            <td data-label="Outcome">{WORDS[firing.status]}</td>
            <td data-label="Executions">
              <Started firing={firing} />
            </td>
            <td data-label="Cause">
              <code>{firing.cause}</code>
            </td>
            <td data-label="Reason">
              {[firing.reason, ...firing.faults.slice(1).map((fault) => fault.detail)].join(" ")}
            </td>
            {mayFire && (
              <td>
                {(firing.status !== "STARTED" || firing.failed > 0) && (
                  <IconButton
                    label={`Fire again: ${firing.cause}`}
                    disabled={again.isPending}
                    onClick={() => again.mutate({ name, firing: firing.firing_id })}
                  >
                    <RotateCcw size={15} aria-hidden />
                  </IconButton>
                )}
              </td>
            )}
          </tr>
        ))}
      </SettingsTable>
      {again.error && <Trouble error={again.error} />}
    </>
  );
}

function Started({ firing }: { firing: Firing }) {
  const { group } = useApi();
  const [first] = firing.execution_ids;
  if (!first) return <span className="faint">none</span>;
  return (
    <>
      <Link to={`/g/${encodeURIComponent(group)}/executions/${first}`}>{first.slice(0, 13)}</Link>
      {firing.started > 1 && <span className="faint"> and {firing.started - 1} more</span>}
      {firing.failed > 0 && <span className="faint">, {firing.failed} failed</span>}
    </>
  );
}
