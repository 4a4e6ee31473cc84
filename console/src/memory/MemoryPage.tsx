import "./memory.css";
import { Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { MemoryReceipt, MemoryScope } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { download } from "@/lib/files";
import { formatDateTime, formatNumber } from "@/lib/format";
import { useParam, useTitle } from "@/lib/hooks";
import { ConfirmRemoval } from "@/ui/Removal";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { BACKENDS, isRoot, useExport, useForget, useScopes } from "./memory";
import { Records } from "./Records";
import { Reembed } from "./Reembed";
import { ScopeTree } from "./ScopeTree";

/** What crews remember from one execution to the next: where it lies, whom it comes from, and its removal. */
export function MemoryPage() {
  useTitle("Memory");
  const [scope, setScope] = useParam("scope");
  const scopes = useScopes();
  const forget = useForget();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Memory</h1>
        <p className="faint">What crews remember from one execution to the next.</p>
      </div>
      {forget.error && <Trouble error={forget.error} />}
      {forget.data && <Receipt receipt={forget.data} />}
      {scopes.isPending && <Loading />}
      {scopes.error && <Trouble error={scopes.error} retry={() => void scopes.refetch()} />}
      {scopes.data?.length === 0 && (
        <Empty title="The group remembers nothing">
          A crew with memory: true keeps what it learns here, for its next execution.
        </Empty>
      )}
      {scopes.data && scopes.data.length > 0 && (
        <div className="memory">
          <ScopeTree scopes={scopes.data} chosen={scope} />
          <section className="memory-records" aria-label="Records">
            <ScopeHead
              path={scope}
              scope={scopes.data.find(({ path }) => path === scope)}
              onForget={() => forget.mutate({ scope }, { onSuccess: () => setScope("") })}
            />
            <Records scope={scope} onForget={(record) => forget.mutate({ record })} />
          </section>
        </div>
      )}
    </main>
  );
}

function ScopeHead({ path, scope, onForget }: { path: string; scope: MemoryScope | undefined; onForget: () => void }) {
  const isAdmin = useIsAdmin();
  const [leaving, setLeaving] = useState(false);
  const records = useExport();
  const save = () =>
    records.mutate(path, {
      onSuccess: (text) => download(`memory${path.replaceAll("/", "-")}.jsonl`, "application/jsonl", text),
    });
  return (
    <>
      <div className="page-head">
        <h2>
          <bdi>{path || "All"}</bdi>
        </h2>
        <div className="page-actions">
          <Button busy={records.isPending} onClick={save}>
            <Download size={15} aria-hidden /> Export
          </Button>
          {scope && isAdmin && isRoot(path) && <Reembed key={path} scope={scope} />}
          {scope && isAdmin && (
            <Button look="danger" onClick={() => setLeaving(true)}>
              <Trash2 size={15} aria-hidden /> Remove the scope
            </Button>
          )}
        </div>
      </div>
      {scope && <ScopeFacts scope={scope} />}
      {records.error && <Trouble error={records.error} />}
      <ConfirmRemoval title={leaving ? `Remove ${path}?` : null} onClose={() => setLeaving(false)} onRemove={onForget}>
        <p>
          {formatNumber(scope?.records ?? 0)} records in it and below go for good, with their vectors. What crews
          remember there meanwhile goes too.
        </p>
      </ConfirmRemoval>
    </>
  );
}

function ScopeFacts({ scope }: { scope: MemoryScope }) {
  const facts = [
    scope.embedder &&
      `${scope.embedder}, ${formatNumber(scope.dimension ?? 0)} dimensions in ${BACKENDS[scope.backend]}`,
    scope.moving_to && `on its way to ${scope.moving_to}${scope.reason && `: ${scope.reason}`}`,
    scope.oldest && scope.newest && `${formatDateTime(scope.oldest)} to ${formatDateTime(scope.newest)}`,
  ].filter(Boolean);
  return <p className="faint">{facts.join(" · ")}</p>;
}

/** What the last removal took away. */
function Receipt({ receipt }: { receipt: MemoryReceipt }) {
  const { group } = useApi();
  const { records, vectors, scope, executions } = receipt;
  return (
    <div className="memory-receipt" role="status">
      Removed {formatNumber(records)} {records === 1 ? "record" : "records"} and {formatNumber(vectors)} kept{" "}
      {vectors === 1 ? "vector" : "vectors"}
      {scope && (
        <>
          {" "}
          from <bdi>{scope}</bdi>
        </>
      )}
      .
      {executions.length > 0 && (
        <details>
          <summary>Written by {executions.length === 1 ? "one execution" : `${executions.length} executions`}</summary>
          <ul>
            {executions.map((id) => (
              <li key={id}>
                <Link to={`/g/${encodeURIComponent(group)}/executions/${id}`}>{id}</Link>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
