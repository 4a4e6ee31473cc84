import { useQuery } from "@tanstack/react-query";
import { GitCompareArrows } from "lucide-react";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { keys, readExecution, useApi } from "@/api/queries";
import { type Execution, STATUSES, type Status } from "@/api/types";
import { Connection } from "@/app/Connection";
import { useMayWrite } from "@/app/context";
import { useDebounced, useKeys, useNow, useParam, useSetParams, useTitle, useTypedParam } from "@/lib/hooks";
import { useStoredCrews } from "@/compose/stored";
import { formatNumber } from "@/lib/format";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { SearchField } from "@/ui/SearchField";
import { statusName } from "@/ui/StatusBadge";
import { ExecutionTable } from "./ExecutionTable";
import { SORTS, sorted } from "./sort";
import { useExecutions } from "./useExecutions";

const SPANS = { "": "Any time", "1h": "Last hour", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days" };
const SPAN_MS: Record<string, number> = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000 };
const EXECUTION_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** A page of a search may hold little though more follows; so many are turned without asking. */
const PAGES_BY_ITSELF = 5;
const ENOUGH = 20;

export function ExecutionsPage() {
  useTitle("Executions");
  const { group } = useApi();
  const [status, setStatus] = useParam("status");
  const [crew, setCrew] = useParam("crew");
  const [span, setSpan] = useParam("time");
  const [search, setSearch] = useTypedParam("q");
  const setParams = useSetParams();
  const known = STATUSES.includes(status as Status) ? (status as Status) : "";
  const now = useNow(true, 5_000);
  const typed = useDebounced(search.trim(), 300);
  const id = EXECUTION_ID.test(typed) ? typed.toLowerCase() : "";
  const since = useSince(span, now);
  const filter = useMemo(
    () => ({ status: known, crew, search: id ? "" : typed, since }) as const,
    [known, crew, id, typed, since],
  );
  const { head, executions: listed, pages, hasMore, loadMore, loadingMore, moreError } = useExecutions(filter);
  const named = useNamed(id);
  const [picked, setPicked] = useState<string[]>([]);
  const [sort, setSort] = useParam("sort");
  const found = id ? named : listed;
  const shown = useMemo(() => sorted(found, sort, now), [found, sort, now]);
  const filtered = Boolean(known || crew || span || search);
  useEffect(() => {
    const wanting = filtered && !id && listed.length < ENOUGH && pages < PAGES_BY_ITSELF;
    if (wanting && hasMore && !loadingMore && !moreError) void loadMore();
  });
  const clear = (): void => setParams({ status: "", crew: "", time: "", q: "" });
  return (
    <main className="page">
      <div className="page-head">
        <h1>Executions</h1>
        <CompareButton group={group} picked={picked} onClear={() => setPicked([])} />
      </div>
      <Filters {...{ status: known, setStatus, crew, setCrew, span, setSpan, search, setSearch, executions: listed }}>
        <label className="phone-only">
          <span className="visually-hidden">Sort</span>
          <select value={sort} onChange={(event) => setSort(event.target.value)}>
            <option value="">Newest first</option>
            {Object.entries(SORTS).map(([value, { name }]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </Filters>
      <Connection looks={[head]} />
      {head.isPending && <Loading />}
      {head.error && !head.data && <Trouble error={head.error} retry={() => void head.refetch()} />}
      {head.data && shown.length > 0 && (
        <>
          <p className="list-count" role="status">
            {countOf(shown.length, hasMore && !id, sort !== "")}
          </p>
          <ExecutionTable
            executions={shown}
            now={now}
            picked={picked}
            onPick={setPicked}
            sort={sort}
            onSort={setSort}
          />
        </>
      )}
      {head.data && shown.length === 0 && !loadingMore && <Nothing filtered={filtered} group={group} onClear={clear} />}
      {moreError !== null && <Trouble error={moreError} retry={() => void loadMore()} />}
      {head.data && hasMore && !id && (
        <div className="more">
          <Button busy={loadingMore} onClick={() => void loadMore()}>
            {typed ? "Search further back" : "Show older"}
          </Button>
        </div>
      )}
    </main>
  );
}

function countOf(shown: number, more: boolean, ordered: boolean): string {
  const number = `${formatNumber(shown)} ${shown === 1 ? "execution" : "executions"}`;
  if (!more) return number;
  return ordered ? `${number}, sorted among those shown; there are older ones` : `${number}; there are older ones`;
}

/** The moment a span of time began when it was chosen: it stays, so that pages read before still fit. */
function useSince(span: string, now: number): string {
  const [chosen, setChosen] = useState({ span: "", since: "" });
  if (chosen.span !== span) {
    const ms = SPAN_MS[span];
    setChosen({ span, since: ms ? new Date(now - ms).toISOString() : "" });
  }
  return chosen.since;
}

/** The execution of an id that was typed or pasted, if the group has it. */
function useNamed(id: string): Execution[] {
  const { api, group } = useApi();
  const { data } = useQuery({
    queryKey: keys.execution(group, id),
    enabled: id !== "",
    queryFn: () => readExecution(api, id, undefined),
  });
  return data && id ? [data.execution] : [];
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
  children: ReactNode;
}

function Filters(props: FilterProps) {
  const { status, setStatus, crew, setCrew, span, setSpan, search, setSearch, executions, children } = props;
  const field = useRef<HTMLInputElement>(null);
  useKeys(({ key }) => {
    if (key !== "/") return false;
    field.current?.focus();
    return true;
  });
  return (
    <div className="filters" role="search">
      <SearchField
        ref={field}
        label="Search executions"
        placeholder="Search by name or id"
        value={search}
        onSearch={setSearch}
      >
        <kbd className="wide-only">/</kbd>
      </SearchField>
      <select aria-label="Status" value={status} onChange={(event) => setStatus(event.target.value)}>
        <option value="">Any status</option>
        {STATUSES.map((each) => (
          <option key={each} value={each}>
            {statusName(each)}
          </option>
        ))}
      </select>
      <CrewFilter key={crew} crew={crew} setCrew={setCrew} executions={executions} />
      <select aria-label="Time" value={span} onChange={(event) => setSpan(event.target.value)}>
        {Object.entries(SPANS).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
      {children}
    </div>
  );
}

/** Any crew's name can be typed: the group may have run many more than are loaded. */
function CrewFilter({ crew, setCrew, executions }: Pick<FilterProps, "crew" | "setCrew" | "executions">) {
  const [typed, setTyped] = useState(crew);
  const stored = useStoredCrews();
  const names = [
    ...new Set([...executions.map((each) => each.name), ...(stored.data?.crews ?? []).map((each) => each.name)]),
  ].sort();
  const settle = (name: string): void => {
    if (name !== crew) setCrew(name);
  };
  return (
    <>
      <input
        aria-label="Crew"
        className="crew-filter"
        placeholder="Any crew"
        dir="auto"
        list="crew-names"
        value={typed}
        onChange={({ target: { value } }) => {
          setTyped(value);
          if (value === "" || names.includes(value)) settle(value);
        }}
        onKeyDown={(event) => event.key === "Enter" && settle(typed.trim())}
        onBlur={() => settle(typed.trim())}
      />
      <datalist id="crew-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
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
      {writes
        ? "Start with an example, or paste a crew of your own."
        : "When someone of the group runs a crew, it shows here."}
    </Empty>
  );
}
