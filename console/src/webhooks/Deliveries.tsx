import { RotateCcw } from "lucide-react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { Delivery } from "@/api/types";
import { formatDateTime, formatDuration } from "@/lib/format";
import { Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { Columns, SettingsTable } from "@/ui/Settings";
import { useDeliveries, useRedeliver } from "./webhooks";

const WORDS: Record<Delivery["state"], string> = {
  WAITING: "On its way",
  DELIVERED: "Delivered",
  FAILED: "Failed",
  SKIPPED: "Skipped",
};

/** The log of a webhook, for members: what was sent, each answer, and when it is next tried. */
export function Deliveries({ name }: { name: string }) {
  const deliveries = useDeliveries(name);
  const again = useRedeliver();
  if (deliveries.isPending) return <Loading />;
  if (deliveries.error) return <Trouble error={deliveries.error} retry={() => void deliveries.refetch()} />;
  if (deliveries.data.length === 0) return <Empty title="Nothing was sent yet" />;
  return (
    <>
      <SettingsTable
        label={`Deliveries of ${name}`}
        head={<Columns titles={["Made", "State", "About", "Answers", "Next try", "Reason"]} actions="Deliver again" />}
      >
        {deliveries.data.map((delivery) => (
          <tr key={delivery.delivery_id}>
            <td>{formatDateTime(delivery.created_at)}</td>
            <td data-label="State">{WORDS[delivery.state]}</td>
            <td data-label="About">
              <About delivery={delivery} />
              {delivery.to && <span className="faint"> to {delivery.to}</span>}
            </td>
            <td data-label="Answers">
              <Answers delivery={delivery} />
            </td>
            <td data-label="Next try">{delivery.next_try_at ? formatDateTime(delivery.next_try_at) : ""}</td>
            <td data-label="Reason">{delivery.reason}</td>
            <td>
              {delivery.state !== "WAITING" && (
                <IconButton
                  label={`Deliver again: ${delivery.event_type}, ${delivery.delivery_id}`}
                  disabled={again.isPending}
                  onClick={() => again.mutate({ name, delivery: delivery.delivery_id })}
                >
                  <RotateCcw size={15} aria-hidden />
                </IconButton>
              )}
            </td>
          </tr>
        ))}
      </SettingsTable>
      {again.error && <Trouble error={again.error} />}
    </>
  );
}

/** `stepcrew.execution.failed` and the execution it tells of; a batch's end leads to the batch. */
function About({ delivery }: { delivery: Delivery }) {
  const { group } = useApi();
  const [, thing = "", what = ""] = delivery.event_type.split(".");
  const place = { execution: "executions", batch: "batches" }[thing];
  if (!place) return <>a test</>;
  return (
    <>
      {thing} {what}:{" "}
      <Link to={`/g/${encodeURIComponent(group)}/${place}/${delivery.execution_id}`}>
        {delivery.execution_id.slice(0, 13)}
      </Link>
    </>
  );
}

function Answers({ delivery }: { delivery: Delivery }) {
  if (delivery.attempts.length === 0) return <span className="faint">none yet</span>;
  return (
    <details className="delivery-answers">
      <summary>
        {delivery.attempts.at(-1)?.status ?? "no answer"}
        {delivery.tries > 1 && `, ${delivery.tries} tries`}
      </summary>
      <ol>
        {delivery.attempts.map((attempt) => (
          <li key={attempt.at}>
            {formatDateTime(attempt.at)}: {attempt.status ?? attempt.reason}, {formatDuration(attempt.milliseconds)}
            {attempt.body && <pre>{attempt.body}</pre>}
          </li>
        ))}
      </ol>
      {delivery.request && <pre aria-label="What was sent">{delivery.request}</pre>}
    </details>
  );
}
