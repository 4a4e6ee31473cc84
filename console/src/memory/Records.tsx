import { type SyntheticEvent, useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { Json, MemoryRecord } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { formatAgo, formatDateTime } from "@/lib/format";
import { useNow, useParam, useTypedParam } from "@/lib/hooks";
import { Facts } from "@/ui/Facts";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { SearchField } from "@/ui/SearchField";
import { Modal } from "@/ui/Modal";
import { ConfirmRemoval, RemoveButton } from "@/ui/Removal";
import { ScrollText } from "@/ui/ScrollText";
import { SettingsTable } from "@/ui/Settings";
import { Viewer } from "@/ui/Viewer";
import { useMeaning, useRecords } from "./memory";

interface Props {
  scope: string;
  onForget: (record: string) => void;
}

/** The records of a scope and of what lies below it: newest first, page by page, or what a question is about. */
export function Records({ scope, onForget }: Props) {
  const mayAsk = useMayWrite() && scope !== "";
  const [given, setQuestion] = useParam("about");
  const question = mayAsk ? given : "";
  const [words, setWords] = useTypedParam("words");
  const [read, setRead] = useState<MemoryRecord | null>(null);
  const [leaving, setLeaving] = useState<MemoryRecord | null>(null);
  const shown = { scope, onRead: setRead, onLeave: setLeaving };
  return (
    <>
      <div className="filters">
        <SearchField label="Search words" maxLength={500} value={words} onSearch={setWords} />
        {mayAsk && <Ask key={question} question={question} onAsk={setQuestion} />}
      </div>
      {question ? <Closest question={question} {...shown} /> : <Newest words={words} {...shown} />}
      <Modal title="Record" open={read !== null} onClose={() => setRead(null)}>
        {read && <Whole record={read} />}
      </Modal>
      <ConfirmRemoval
        title={leaving && "Remove this record?"}
        onClose={() => setLeaving(null)}
        onRemove={() => {
          if (leaving) onForget(leaving.record_id);
        }}
      >
        <ScrollText>{leaving?.content}</ScrollText>
      </ConfirmRemoval>
    </>
  );
}

/** Asked when it is sent, since each question costs the group a vector. */
function Ask({ question, onAsk }: { question: string; onAsk: (question: string) => void }) {
  const [text, setText] = useState(question);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onAsk(text.trim());
  };
  return (
    <form className="memory-ask" aria-label="Search by meaning" onSubmit={submit}>
      <input
        placeholder="Search by meaning"
        aria-label="Search by meaning"
        maxLength={2000}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" disabled={text.trim() === "" || text.trim() === question}>
        Ask
      </Button>
      {question && (
        <Button look="quiet" onClick={() => onAsk("")}>
          Show all
        </Button>
      )}
    </form>
  );
}

interface Shown {
  scope: string;
  onRead: (record: MemoryRecord) => void;
  onLeave: (record: MemoryRecord) => void;
}

function Newest({ words, ...shown }: Shown & { words: string }) {
  const records = useRecords(shown.scope, words);
  return (
    <>
      {records.isPending && <Loading />}
      {records.error && <Trouble error={records.error} retry={() => void records.refetch()} />}
      {records.data?.length === 0 && <Empty title={words ? "No record has these words" : "There is nothing in it"} />}
      {records.data && records.data.length > 0 && <Table records={records.data} {...shown} />}
      {records.hasNextPage && (
        <Button busy={records.isFetchingNextPage} onClick={() => void records.fetchNextPage()}>
          More
        </Button>
      )}
    </>
  );
}

function Closest({ question, ...shown }: Shown & { question: string }) {
  const hits = useMeaning(shown.scope, question);
  return (
    <>
      {hits.isPending && <Loading />}
      {hits.error && <Trouble error={hits.error} retry={() => void hits.refetch()} />}
      {hits.data?.length === 0 && <Empty title="There is nothing in it" />}
      {hits.data && hits.data.length > 0 && (
        <Table
          records={hits.data.map(({ record }) => record)}
          scores={hits.data.map(({ score }) => score)}
          {...shown}
        />
      )}
    </>
  );
}

/** `scores` are how close each record is to what was asked, where something was. */
function Table({ records, scores, scope, onRead, onLeave }: Shown & { records: MemoryRecord[]; scores?: number[] }) {
  const mayRemove = useMayWrite();
  const now = useNow(true, 60_000);
  return (
    <SettingsTable
      label="Records"
      head={
        <>
          {scores && <th className="col-number">Score</th>}
          <th>Text</th>
          <th>Scope</th>
          <th>Categories</th>
          <th className="col-number">Importance</th>
          <th>Age</th>
          <th>Origin</th>
          {mayRemove && <th aria-label="Remove" />}
        </>
      }
    >
      {records.map((record, index) => (
        <tr key={record.record_id}>
          {scores && (
            <td className="col-number" data-label="Score">
              {scores[index]?.toFixed(2)}
            </td>
          )}
          <td className="memory-cell">
            <button type="button" className="memory-text" dir="auto" onClick={() => onRead(record)}>
              {record.content}
            </button>
          </td>
          <td data-label="Scope" className="memory-where">
            <bdi>{record.scope === scope ? "here" : record.scope.replace(scope && `${scope}/`, "")}</bdi>
          </td>
          <td data-label="Categories">{record.categories.join(", ")}</td>
          <td className="col-number" data-label="Importance">
            {record.importance.toFixed(2)}
          </td>
          <td data-label="Age" className="memory-age">
            <time dateTime={record.created_at} title={formatDateTime(record.created_at)}>
              {formatAgo(record.created_at, now)}
            </time>
          </td>
          <td data-label="Origin" className="memory-origin">
            <Origin record={record} />
          </td>
          {mayRemove && (
            <td>
              <RemoveButton label={`Remove: ${record.content.slice(0, 60)}`} onClick={() => onLeave(record)} />
            </td>
          )}
        </tr>
      ))}
    </SettingsTable>
  );
}

function Origin({ record, whole = false }: { record: MemoryRecord; whole?: boolean }) {
  const { group } = useApi();
  const id = record.execution_id;
  if (!id) return <span className="faint">not known</span>;
  return <Link to={`/g/${encodeURIComponent(group)}/executions/${id}`}>{whole ? id : id.slice(0, 13)}</Link>;
}

function Whole({ record }: { record: MemoryRecord }) {
  const facts = [
    ["Scope", <bdi>{record.scope}</bdi>],
    ["Importance", record.importance.toFixed(2)],
    ["Categories", record.categories.join(", ")],
    ["Made", formatDateTime(record.created_at)],
    ["Changed", record.updated_at === record.created_at ? "" : formatDateTime(record.updated_at)],
    ["Expires", record.expires_at && formatDateTime(record.expires_at)],
    ["Origin", <Origin record={record} whole />],
    ["Source", record.source && `${record.source}${record.private ? ", for it alone" : ""}`],
    ["Record", <code>{record.record_id}</code>],
  ] as const;
  return (
    <>
      <ScrollText>{record.content}</ScrollText>
      <Facts rows={facts} />
      {Object.keys(record.metadata).length > 0 && (
        <Viewer name={record.record_id} value={record.metadata as Json} look="json" />
      )}
    </>
  );
}
