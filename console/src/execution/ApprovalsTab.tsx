import "@/ui/card.css";
import { isOpen } from "@/api/approvals";
import { earlierDraft } from "@/approvals/Answer";
import { ApprovalCard } from "@/approvals/ApprovalCard";
import { Empty, Loading, Trouble } from "@/ui/kit";
import { useShown } from "./ExecutionPage";

/** What was and is asked of people about this execution: what is open first, then the newest. */
export function ApprovalsTab() {
  const { approvals } = useShown();
  if (approvals.error && !approvals.data)
    return <Trouble error={approvals.error} retry={() => void approvals.refetch()} />;
  if (!approvals.data) return <Loading label="Reading what was decided…" />;
  if (!approvals.data.length)
    return <Empty title="Nobody was asked">This execution has not waited for a person.</Empty>;
  const sorted = [...approvals.data].sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || b.number - a.number);
  return (
    <div className="reading">
      {sorted.map((approval) => (
        <ApprovalCard key={approval.approval_id} approval={approval} earlier={earlierDraft(approval, approvals.data)} />
      ))}
    </div>
  );
}
