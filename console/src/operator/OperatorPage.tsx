import "./operator.css";
import { CircleAlert, CircleCheck, CircleHelp, RotateCw } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import type { StackState } from "@/api/types";
import { useIdentity } from "@/app/context";
import { formatDateTime, formatNumber } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import { Columns, SettingsTable } from "@/ui/Settings";
import { StatusBadge } from "@/ui/StatusBadge";
import { useRedrive, useStack } from "./operator";

/** The whole stack, for its operator: how each part is, dead letters, groups, and what is open, oldest first. */
export function OperatorPage() {
  useTitle("Operator");
  const { operator } = useIdentity();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Operator</h1>
      </div>
      {operator ? (
        <Stack />
      ) : (
        <Empty title="This page is the operator's">
          Admins of the operator's group see it, with that group selected.
        </Empty>
      )}
    </main>
  );
}

function Stack() {
  const stack = useStack();
  if (stack.error && !stack.data) return <Trouble error={stack.error} retry={() => void stack.refetch()} />;
  if (!stack.data) return <Loading label="Looking at every part…" />;
  const { data } = stack;
  return (
    <>
      <Parts parts={data.parts} />
      <p className="faint operator-facts">
        Version {data.version}, prices of {data.price_book}.{" "}
        {data.sweep
          ? `Last sweep ${formatDateTime(data.sweep.at)}: ${doneBy(data.sweep.actions)}${data.sweep.cut_short ? ", ran out of time" : ""}.`
          : "No sweep yet."}
      </p>
      <Queues queues={data.queues} />
      <Groups groups={data.groups} />
      <Executions executions={data.executions} open={data.open} />
    </>
  );
}

function doneBy(actions: Record<string, number>): string {
  const done = Object.entries(actions).filter(([action]) => action !== "nothing");
  return done.length ? done.map(([action, count]) => `${count} ${action}`).join(", ") : "nothing to do";
}

const ICONS = { true: CircleCheck, false: CircleAlert, null: CircleHelp };
const WORDS = { true: "well", false: "needs attention", null: "unknown" };

function Parts({ parts }: { parts: StackState["parts"] }) {
  return (
    <ul className="operator-parts" aria-label="Health of each part">
      {parts.map(({ part, healthy, told }) => {
        const state = String(healthy) as keyof typeof ICONS;
        const Icon = ICONS[state];
        return (
          <li key={part} className={`operator-part operator-${WORDS[state].split(" ")[0]}`}>
            <Icon size={16} aria-hidden />
            <span>
              <b>{part}</b> <span className="visually-hidden">{WORDS[state]}: </span>
              {told}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Queues({ queues }: { queues: StackState["queues"] }) {
  const redrive = useRedrive();
  const [asked, setAsked] = useState<string | null>(null);
  if (!queues.length) return null;
  const send = (queue: string): void => {
    setAsked(null);
    redrive.mutate(queue);
  };
  return (
    <section>
      <h2 className="section-title">Queues</h2>
      {redrive.error && <Trouble error={redrive.error} />}
      {redrive.isSuccess && (
        <p role="status">The dead letters of the {redrive.variables} queue are being sent again.</p>
      )}
      <SettingsTable
        label="Queues"
        head={<Columns titles={["Queue", "Waiting", "In flight", "Dead letters"]} actions="Send again" />}
      >
        {queues.map((queue) => (
          <tr key={queue.name}>
            <td>{queue.name}</td>
            <td data-label="Waiting">{formatNumber(queue.waiting)}</td>
            <td data-label="In flight">{formatNumber(queue.in_flight)}</td>
            <td data-label="Dead letters">{formatNumber(queue.dead)}</td>
            <td>
              {queue.dead > 0 && queue.redrivable && (
                <Button busy={redrive.isPending} onClick={() => setAsked(queue.name)}>
                  <RotateCw size={13} aria-hidden />
                  Send again
                </Button>
              )}
              {queue.dead > 0 && !queue.redrivable && (
                <span className="faint">What to do is in the operations guide, “Dead letters”.</span>
              )}
            </td>
          </tr>
        ))}
      </SettingsTable>
      <Modal
        title={`Send the dead letters of the ${asked ?? ""} queue again?`}
        open={asked !== null}
        onClose={() => setAsked(null)}
      >
        <p>The cause should be gone: what fails again comes back here. What comes twice changes nothing.</p>
        <Button look="primary" onClick={() => asked && send(asked)}>
          Send again
        </Button>
      </Modal>
    </section>
  );
}

function Groups({ groups }: { groups: StackState["groups"] }) {
  if (!groups.length) return null;
  return (
    <section>
      <h2 className="section-title">Groups with open executions</h2>
      <SettingsTable
        label="Groups"
        head={<Columns titles={["Group", "Open", "Running", "Waiting for a slot", "Waiting for a person"]} />}
      >
        {groups.map((one) => (
          <tr key={one.group_id}>
            <td className="operator-name">
              <bdi>{one.group_id}</bdi>
            </td>
            <td data-label="Open">
              {formatNumber(one.open)} of {most(one.may_be_open)}
            </td>
            <td data-label="Running">
              {formatNumber(one.running)} of {most(one.may_run)}
            </td>
            <td data-label="For a slot">{formatNumber(one.queued)}</td>
            <td data-label="For a person">{formatNumber(one.waiting)}</td>
          </tr>
        ))}
      </SettingsTable>
    </section>
  );
}

/** Unknown where the limits of the group cannot be read; “starts” says why. */
const most = (limit: number | null): string => (limit === null ? "?" : formatNumber(limit));

function Executions({ executions, open }: { executions: StackState["executions"]; open: number }) {
  const { groups } = useIdentity();
  if (!executions.length) return <Empty title="Nothing is open">No group has an execution that has not ended.</Empty>;
  return (
    <section>
      <h2 className="section-title">
        Open executions, the oldest first ({formatNumber(executions.length)} of {formatNumber(open)})
      </h2>
      <SettingsTable
        label="Open executions"
        head={<Columns titles={["Execution", "Group", "Status", "Attempt", "Submitted", "Last news"]} />}
      >
        {executions.map((one) => (
          <tr key={one.execution_id}>
            <td>
              {groups.includes(one.group_id) ? (
                <Link to={`/g/${encodeURIComponent(one.group_id)}/executions/${one.execution_id}/why`}>
                  <code>{one.execution_id}</code>
                </Link>
              ) : (
                <code>{one.execution_id}</code>
              )}
            </td>
            <td data-label="Group" className="operator-name">
              <bdi>{one.group_id}</bdi>
            </td>
            <td data-label="Status">
              <StatusBadge status={one.status} />
              {one.queued && <span className="faint"> queued</span>}
            </td>
            <td data-label="Attempt">{one.attempt}</td>
            <td data-label="Submitted">{formatDateTime(one.created_at)}</td>
            <td data-label="Last news">{formatDateTime(one.updated_at)}</td>
          </tr>
        ))}
      </SettingsTable>
    </section>
  );
}
