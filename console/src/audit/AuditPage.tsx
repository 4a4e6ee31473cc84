import { ArrowDownToLine } from "lucide-react";
import { useState } from "react";
import { useApi } from "@/api/queries";
import type { AuditEntry } from "@/api/types";
import { download } from "@/lib/files";
import { formatDateTime } from "@/lib/format";
import { useParam, useTitle } from "@/lib/hooks";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { Columns, SettingsTable } from "@/ui/Settings";
import { readAll, useAudit } from "./audit";

/** Who changed what in the group; admins read it. */
export function AuditPage() {
  useTitle("Audit log");
  const { api } = useApi();
  const [who, setWho] = useParam("who");
  const [action, setAction] = useParam("action");
  const audit = useAudit({ who, action });
  const [trouble, setTrouble] = useState<unknown>(null);
  const save = (): void => {
    setTrouble(null);
    readAll(api, { who, action }).then((text) => download("audit.jsonl", "application/jsonl", text), setTrouble);
  };
  return (
    <main className="page">
      <div className="page-head">
        <h1>Audit log</h1>
        <div className="page-actions">
          <Button look="quiet" onClick={save}>
            <ArrowDownToLine size={14} aria-hidden />
            JSON Lines
          </Button>
        </div>
      </div>
      <div className="filters">
        <input type="search" aria-label="Who" placeholder="Who" value={who} onChange={(e) => setWho(e.target.value)} />
        <input
          type="search"
          aria-label="Action"
          placeholder="Action, for instance secrets."
          value={action}
          onChange={(e) => setAction(e.target.value)}
        />
      </div>
      {trouble !== null && <Trouble error={trouble} />}
      {audit.isPending && <Loading />}
      {audit.error && <Trouble error={audit.error} retry={() => void audit.refetch()} />}
      {audit.data?.length === 0 && !audit.hasNextPage && <Empty title="Nobody has changed anything like this" />}
      {audit.data && audit.data.length > 0 && <Entries entries={audit.data} />}
      {audit.hasNextPage && (
        <Button look="quiet" busy={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
          Show earlier ones
        </Button>
      )}
    </main>
  );
}

function Entries({ entries }: { entries: AuditEntry[] }) {
  return (
    <SettingsTable label="Audit log" head={<Columns titles={["Time", "Who", "Role", "Action", "What"]} />}>
      {entries.map((entry) => (
        <tr key={entry.entry_id}>
          <td>{formatDateTime(entry.at)}</td>
          <td data-label="Who">{entry.who ?? <span className="faint">nobody named</span>}</td>
          <td data-label="Role">{entry.role}</td>
          <td data-label="Action">
            <code>{entry.action}</code>
          </td>
          <td data-label="What">
            <bdi>{entry.target}</bdi>
          </td>
        </tr>
      ))}
    </SettingsTable>
  );
}
