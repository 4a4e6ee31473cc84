import "./why-tab.css";
import { CircleCheck, Stethoscope } from "lucide-react";
import { Link } from "react-router";
import { useDiagnosis } from "@/api/queries";
import type { Diagnosis } from "@/api/types";
import { formatDateTime, formatNumber } from "@/lib/format";
import { Button, Loading, Trouble } from "@/ui/kit";
import { useShown } from "./ExecutionPage";

/** What happened and what to do, and the facts behind it. */
export function WhyTab() {
  const { execution } = useShown();
  const look = useDiagnosis(execution);
  if (look.error && !look.data) return <Trouble error={look.error} retry={() => void look.refetch()} />;
  if (!look.data) return <Loading label="Looking at every part…" />;
  const { data } = look;
  return (
    <div className="why">
      <section className="why-said" aria-label="What happened and what to do">
        <p dir="auto">{data.summary}</p>
        <Button busy={look.isFetching} onClick={() => void look.refetch()}>
          <Stethoscope size={14} aria-hidden />
          Look again
        </Button>
      </section>
      <Facts found={data} />
      <Attempts attempts={data.attempts} />
      <Steps machine={data.machine} />
      <Lines lines={data.logs} />
    </div>
  );
}

function Facts({ found }: { found: Diagnosis }) {
  const { slots, trace_queue: queue, machine } = found;
  return (
    <dl className="why-facts">
      {slots && (
        <>
          <dt>Group</dt>
          <dd>
            {formatNumber(slots.running)} of {formatNumber(slots.may_run)} run, {formatNumber(slots.waiting)} wait for a
            slot; {formatNumber(slots.open)} of {formatNumber(slots.may_be_open)} are open
          </dd>
        </>
      )}
      {found.approvals.map((asked) => (
        <div key={asked.number} className="why-pair">
          <dt>Open approval</dt>
          <dd>
            <Link to="../approvals">
              {asked.kind}
              {asked.task_name && (
                <>
                  {" of "}
                  <bdi>{asked.task_name}</bdi>
                </>
              )}
            </Link>
            , until {formatDateTime(asked.expires_at)}
          </dd>
        </div>
      ))}
      <dt>State machine</dt>
      <dd>{machine ? `${machine.status}${machine.error ? ` (${machine.error})` : ""}` : "none"}</dd>
      {queue && (
        <>
          <dt>Trace queue</dt>
          <dd>
            {formatNumber(queue.waiting)} wait, {formatNumber(queue.in_flight)} in flight, {formatNumber(queue.dead)}{" "}
            dead {queue.dead === 1 ? "letter" : "letters"}, of the whole stack
          </dd>
        </>
      )}
      <dt>Trace</dt>
      <dd>
        {found.complete ? (
          <>
            <CircleCheck size={13} aria-hidden /> complete
          </>
        ) : found.gaps.length ? (
          found.gaps.map((gap) => `attempt ${gap.attempt}: ${gap.first} to ${gap.last ?? "?"} missing`).join("; ")
        ) : (
          "not complete yet"
        )}
      </dd>
    </dl>
  );
}

function Attempts({ attempts }: { attempts: Diagnosis["attempts"] }) {
  if (!attempts.length) return null;
  return (
    <Table name="Attempts" columns={["Attempt", "Events made", "Recorded", "End"]}>
      {attempts.map((one) => (
        <tr key={one.attempt}>
          <td>{one.attempt}</td>
          <td>{one.emitted === null ? "?" : formatNumber(one.emitted)}</td>
          <td>{formatNumber(one.recorded)}</td>
          <td>{one.died ? "died" : one.emitted === null ? "" : "ended"}</td>
        </tr>
      ))}
    </Table>
  );
}

function Steps({ machine }: { machine: Diagnosis["machine"] }) {
  if (!machine?.steps.length) return null;
  return (
    <Table name="State machine" columns={["Time", "Step", "Error"]}>
      {machine.steps.map((step, index) => (
        <tr key={index}>
          <td>{formatDateTime(step.at)}</td>
          <td>{step.state ?? step.event}</td>
          <td>{step.error}</td>
        </tr>
      ))}
    </Table>
  );
}

function Lines({ lines }: { lines: Diagnosis["logs"] }) {
  if (!lines.length) return null;
  return (
    <Table name="Last log lines" columns={["Time", "Level", "Message"]}>
      {lines.map((line) => (
        <tr key={`${line.attempt}.${line.sequence}`}>
          <td>{formatDateTime(line.emitted_at)}</td>
          <td>{line.level}</td>
          <td className="why-line" dir="auto">
            {line.message.slice(0, MOST_CHARACTERS)}
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** Of a log line; the log has it whole. */
const MOST_CHARACTERS = 500;

interface TableProps {
  name: string;
  columns: string[];
  children: React.ReactNode;
}

function Table({ name, columns, children }: TableProps) {
  return (
    <section>
      <h2 className="section-title">{name}</h2>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- one that is too wide is scrolled by keyboard */}
      <div className="table-scroll" tabIndex={0} role="region" aria-label={name}>
        <table className="data-table">
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column}>{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>{children}</tbody>
        </table>
      </div>
    </section>
  );
}
