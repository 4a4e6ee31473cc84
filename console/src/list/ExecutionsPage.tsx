import { GitCompareArrows, Search } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { useApi } from "@/api/queries";
import { type Execution, STATUSES, type Status } from "@/api/types";
import { Connection } from "@/app/Connection";
import { useMayWrite } from "@/app/context";
import { useKeys, useNow, useParam, useSetParams, useTitle, useTypedParam } from "@/lib/hooks";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { statusName } from "@/ui/StatusBadge";
import { ExecutionTable } from "./ExecutionTable";
import { useExecutions } from "./useExecutions";

const SPANS = { "": "Any time", "1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days" };
const SPAN_MS: Record<string, number> = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000 };
/** How many executions a search goes through by itself before it asks. */
const SEARCHED_MOST = 300;

export function ExecutionsPage() {
  useTitle("Executions");
  const { group } = useApi();
  const [status, setStatus] = useParam("status");
  const [crew, setCrew] = useParam("crew");
  const [span, setSpan] = useParam("time");
  const [search, setSearch] = useTypedParam("q");
  const setParams = useSetParams();
  const known = STATUSES.includes(status as Status) ? (status as Status) : "";
  const { head, executions, hasMore, loadMore, loadingMore, moreError } = useExecutions({ status: known, crew });
  const [picked, setPicked] = useState<string[]>([]);
  const now = useNow(true, 5_000);
  const since = span in SPAN_MS ? now - (SPAN_MS[span] ?? 0) : 0;
  const shown = useMemo(() => executions.filter((each) => Date.parse(each.created_at) >= since && found(each, search)), [executions, since, search]);
  const oldest = executions.at(-1);
  const moreInTime = hasMore && (!oldest || Date.parse(oldest.created_at) >= since);
  const filtered = Boolean(known || crew || span || search);
  useEffect(() => {
    const searching = search !== "" && shown.length < 20 && executions.length < SEARCHED_MOST;
    if (searching && moreInTime && !loadingMore && !moreError) void loadMore();
  });
  const clear = (): void => setParams({ status: "", crew: "", time: "", q: "" });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Executions</h1>
        <CompareButton group={group} picked={picked} onClear={() => setPicked([])} />
      </div>
      <Filters {...{ status: known, setStatus, crew, setCrew, span, setSpan, search, setSearch, executions }} />
      <Connection looks={[head]} />
      {head.isPending && <Loading />}
      {head.error && !head.data && <Trouble error={head.error} retry={() => void head.refetch()} />}
      {head.data && shown.length > 0 && <ExecutionTable executions={shown} now={now} picked={picked} onPick={setPicked} />}
      {head.data && shown.length === 0 && !loadingMore && <Nothing filtered={filtered} group={group} onClear={clear} />}
      {moreError !== null && <Trouble error={moreError} retry={() => void loadMore()} />}
      {head.data && moreInTime && (
        <div className="more">
          <Button busy={loadingMore} onClick={() => void loadMore()}>
            {search ? `Search further (${executions.length} searched)` : "Show older"}
          </Button>
        </div>
      )}
    </main>
  );
}

function found({ name, execution_id: id, submitted_by: who, model, message, source }: Execution, search: string): boolean {
  const wanted = search.trim().toLowerCase();
  return !wanted || [name, id, who, model, message, source].some((text) => text?.toLowerCase().includes(wanted));
}

interface FilterProps {
  status: Status | "";
  setStatus: (value: string) => void;
  crew: string;
  setCrew: (value: string) => void;
  span: string;
  setSpan: (value: string) => void;
  search: string;
  setSearch: (value: string) => void;
  executions: Execution[];
}

function Filters({ status, setStatus, crew, setCrew, span, setSpan, search, setSearch, executions }: FilterProps) {
  const field = useRef<HTMLInputElement>(null);
  useKeys(({ key }) => {
    if (key !== "/") return false;
    field.current?.focus();
    return true;
  });
  const crews = [...new Set([...executions.map((each) => each.name), ...(crew ? [crew] : [])])].sort();
  return (
    <div className="filters" role="search">
      <div className="search">
        <Search size={15} aria-hidden />
        <input
          ref={field}
          type="search"
          placeholder="Search name, id, person, model"
          aria-label="Search executions"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <kbd className="wide-only">/</kbd>
      </div>
      <select aria-label="Status" value={status} onChange={(event) => setStatus(event.target.value)}>
        <option value="">Any status</option>
        {STATUSES.map((each) => (
          <option key={each} value={each}>
            {statusName(each)}
          </option>
        ))}
      </select>
      <select aria-label="Crew" value={crew} onChange={(event) => setCrew(event.target.value)}>
        <option value="">Any crew</option>
        {crews.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <select aria-label="Time" value={span} onChange={(event) => setSpan(event.target.value)}>
        {Object.entries(SPANS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}

function CompareButton({ group, picked, onClear }: { group: string; picked: string[]; onClear: () => void }) {
  const navigate = useNavigate();
  if (!picked.length) return null;
  const [a = "", b = ""] = picked;
  return (
    <div className="page-actions">
      <Button look="quiet" onClick={onClear}>
        Clear choice
      </Button>
      <Button disabled={picked.length !== 2} onClick={() => void navigate(`/g/${group}/compare?a=${a}&b=${b}`)}>
        <GitCompareArrows size={15} aria-hidden />
        {picked.length === 2 ? "Compare the two" : "Choose one more to compare"}
      </Button>
    </div>
  );
}

function Nothing({ filtered, group, onClear }: { filtered: boolean; group: string; onClear: () => void }) {
  const writes = useMayWrite();
  if (filtered) {
    return (
      <Empty title="Nothing fits these filters" action={<Button onClick={onClear}>Clear the filters</Button>}>
        Widen the time, or clear the search.
      </Empty>
    );
  }
  return (
    <Empty
      title={`The group ${group} has run nothing yet`}
      action={
        writes && (
          <Link to={`/g/${group}/new`} className="button button-primary">
            Run a crew
          </Link>
        )
      }
    >
      {writes ? "Start with an example, or paste a crew of your own." : "When someone of the group runs a crew, it shows here."}
    </Empty>
  );
}
