import "./page.css";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { useApprovalsOf, useWaiting } from "@/api/approvals";
import type { Approval } from "@/api/types";
import { useApi } from "@/api/queries";
import { Connection } from "@/app/Connection";
import { formatNumber } from "@/lib/format";
import { useKeys, useParam, useTitle } from "@/lib/hooks";
import { Button, Empty, Loading, Trouble } from "@/ui/kit";
import { earlierDraft } from "./Answer";
import { ApprovalCard } from "./ApprovalCard";
import { Countdown } from "./Countdown";
import { KIND_WORDS, titleOf } from "./words";

/** What waits for a person, and beside it the one question that is read. */
export function ApprovalsPage() {
  useTitle("Approvals");
  const look = useWaiting();
  const { group } = useApi();
  const [param, setChosen] = useParam("approval");
  const waiting = look.data ?? [];
  // The first question opens by itself, and stays when it is decided and leaves the list.
  const [opened, setOpened] = useState("");
  if (!opened && waiting[0]) setOpened(waiting[0].approval_id);
  const chosen = param || opened;
  const move = (by: number): boolean => {
    const index = waiting.findIndex((each) => each.approval_id === chosen);
    const next = waiting[index < 0 ? 0 : Math.min(Math.max(index + by, 0), waiting.length - 1)];
    if (next) setChosen(next.approval_id);
    return Boolean(next);
  };
  useKeys(({ key }) => {
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
    return by ? move(by) : false;
  });
  const next = waiting.find((each) => each.approval_id !== chosen);
  return (
    <main className="page">
      <div className="page-head">
        <h1>Approvals</h1>
        {look.data && waiting.length > 0 && (
          <p className="faint">
            {formatNumber(waiting.length)}
            {look.hasNextPage ? " and more" : ""} waiting in {group}
          </p>
        )}
      </div>
      <Connection looks={[look]} />
      {look.isPending && <Loading />}
      {look.error && !look.data && <Trouble error={look.error} retry={() => void look.refetch()} />}
      {look.data && waiting.length === 0 && !chosen && (
        <Empty
          title="Nothing waits for a person"
          action={
            <Link className="button" to={`/g/${group}/executions`}>
              All executions
            </Link>
          }
        >
          A task with human_input, a tool listed under approval, or a used-up budget with on_budget: ask comes here.
        </Empty>
      )}
      {look.data && chosen && (
        <div className="approvals">
          <WaitingList
            waiting={waiting}
            chosen={chosen}
            onChoose={setChosen}
            more={look.hasNextPage}
            busy={look.isFetchingNextPage}
            onMore={() => void look.fetchNextPage()}
          />
          <Chosen
            key={chosen}
            id={chosen}
            known={waiting.find((each) => each.approval_id === chosen)}
            next={next}
            onNext={setChosen}
          />
        </div>
      )}
    </main>
  );
}

interface ListProps {
  waiting: Approval[];
  chosen: string;
  onChoose: (id: string) => void;
  more: boolean;
  busy: boolean;
  onMore: () => void;
}

function WaitingList({ waiting, chosen, onChoose, more, busy, onMore }: ListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-current=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    <nav className="approval-list" aria-label="What waits">
      <ul ref={list}>
        {waiting.map((each) => (
          <li key={each.approval_id}>
            <button type="button" aria-current={each.approval_id === chosen} onClick={() => onChoose(each.approval_id)}>
              <bdi className="approval-title">{titleOf(each)}</bdi>
              <span className="faint">
                <span className="tag">{KIND_WORDS[each.kind]}</span> <bdi>{each.execution_name}</bdi>
              </span>
              <Countdown approval={each} short />
            </button>
          </li>
        ))}
      </ul>
      {waiting.length === 0 && <p className="faint">Nothing else waits.</p>}
      {more && (
        <Button busy={busy} onClick={onMore}>
          Show more
        </Button>
      )}
    </nav>
  );
}

/** What is read stays, also once it is decided: here, or by somebody else meanwhile. */
function Chosen({
  id,
  known,
  next,
  onNext,
}: {
  id: string;
  known: Approval | undefined;
  next: Approval | undefined;
  onNext: (id: string) => void;
}) {
  const all = useApprovalsOf(id.slice(0, id.lastIndexOf(".")), known ? "" : "gone");
  const approval = all.data?.find((each) => each.approval_id === id) ?? known;
  if (!approval) {
    if (all.error) return <Trouble error={all.error} retry={() => void all.refetch()} />;
    return all.data ? (
      <Empty title="There is no such question">The execution may have been deleted.</Empty>
    ) : (
      <Loading />
    );
  }
  const decided = approval.decision !== null || approval.withdrawn_at !== null;
  return (
    <div className="approval-chosen">
      <ApprovalCard approval={approval} earlier={earlierDraft(approval, all.data)} linked />
      {decided && next && (
        <p>
          <Button onClick={() => onNext(next.approval_id)}>Next: {titleOf(next)}</Button>
        </p>
      )}
    </div>
  );
}
