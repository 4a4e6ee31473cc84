import { useState } from "react";
import { Link } from "react-router";
import type { Erasure } from "@/api/types";
import { formatDateTime, formatNumber } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Button, Empty, Field, Loading, Trouble } from "@/ui/kit";
import { ConfirmRemoval } from "@/ui/Removal";
import { Columns, SettingsForm, SettingsTable } from "@/ui/Settings";
import { useEraseUser, useErasures } from "./erasures";

/** What was removed of people and of the group, with receipts; admins have a person's data removed here. */
export function ErasuresPage() {
  useTitle("Erasures");
  const erasures = useErasures();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Erasures</h1>
        <p className="faint">
          Who asked for what stands in the <Link to="../audit?action=erasures.">audit log</Link>, which is kept.
        </p>
      </div>
      <ErasePerson />
      {erasures.isPending && <Loading />}
      {erasures.error && <Trouble error={erasures.error} retry={() => void erasures.refetch()} />}
      {erasures.data?.length === 0 && <Empty title="Nothing was erased in this group" />}
      {erasures.data && erasures.data.length > 0 && <Receipts erasures={erasures.data} />}
    </main>
  );
}

function ErasePerson() {
  const [person, setPerson] = useState("");
  const [asked, setAsked] = useState<string | null>(null);
  const erase = useEraseUser();
  const name = person.trim();
  return (
    <SettingsForm title="Erase what a person submitted" onSubmit={() => setAsked(name)}>
      <Field label="Person" hint="As executions name who submitted them.">
        <input value={person} maxLength={400} spellCheck={false} onChange={(event) => setPerson(event.target.value)} />
      </Field>
      <Button type="submit" look="danger" busy={erase.isPending} disabled={name === ""}>
        Erase…
      </Button>
      <p role="status">{erase.data && `Erasure ${erase.data.erasure_id} is accepted. Its receipt grows below.`}</p>
      {erase.error && <Trouble error={erase.error} />}
      <ConfirmRemoval
        title={asked && "Erase what this person submitted?"}
        typed={asked ?? undefined}
        onClose={() => setAsked(null)}
        onRemove={() => {
          if (asked) erase.mutate(asked, { onSuccess: () => setPerson("") });
        }}
      >
        <p>
          All executions and batches that <bdi>{asked}</bdi> submitted until now go, with traces, outputs and bodies.
          Open ones are cancelled first. It cannot be undone.
        </p>
        <p>Stored crews, files and memories of the group, its sums of usage and the audit log stay.</p>
      </ConfirmRemoval>
    </SettingsForm>
  );
}

function Receipts({ erasures }: { erasures: Erasure[] }) {
  return (
    <SettingsTable label="Receipts" head={<Columns titles={["Whose", "Asked", "By", "Ended", "Removed", "Receipt"]} />}>
      {erasures.map((one) => (
        <tr key={one.erasure_id}>
          <td>{one.user == null ? "the whole group" : <bdi>{one.user}</bdi>}</td>
          <td data-label="Asked">{formatDateTime(one.created_at)}</td>
          <td data-label="By">{one.asked_by ?? <span className="faint">nobody named</span>}</td>
          <td data-label="Ended">
            {one.ended_at ? formatDateTime(one.ended_at) : <span className="faint">not yet, it goes on by itself</span>}
          </td>
          <td data-label="Removed">{told(one)}</td>
          <td data-label="Receipt">
            <code>{one.erasure_id}</code>
          </td>
        </tr>
      ))}
    </SettingsTable>
  );
}

function told({ removed, still_open }: Erasure): string {
  const went = Object.entries(removed).map(([kind, number]) => `${formatNumber(number)} ${kind.replaceAll("_", " ")}`);
  return [...went, ...(still_open > 0 ? [`${still_open} still open`] : [])].join(", ") || "nothing yet";
}
