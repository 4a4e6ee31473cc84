import type { components } from "./schema";

type Schemas = components["schemas"];

export type Execution = Schemas["ExecutionView"];
export type ExecutionList = Schemas["ExecutionList"];
export type ExecutionError = Schemas["ExecutionError"];
export type Status = Schemas["Status"];
export type Usage = Schemas["Usage"];
export type Cost = Schemas["Cost"];
export type StackState = Schemas["StackView"];
export type Diagnosis = Schemas["DiagnosisView"];
export type Budget = Schemas["BudgetView"];
export type UsageReport = Schemas["UsageReport"];
export type UsageRow = Schemas["NamedSums"];
export type UsageBy = Schemas["By"];
export type Limits = Schemas["Limits"];
export type TraceEvent = Schemas["TraceEventView"];
export type Gap = Schemas["Gap"];
export type EventSource = Schemas["EventSource"];
export type BodyReference = Schemas["BodyReference"];
export type Result = Schemas["ResultView"];
export type TaskOutput = Schemas["TaskOutputView"];
export type LogLine = Schemas["LogLine"];
export type Approval = Schemas["ApprovalView"];
export type ApprovalList = Schemas["ApprovalList"];
export type ApprovalKind = Schemas["ApprovalKind"];
export type Decision = Schemas["DecisionView"];
export type Feedback = Partial<Omit<Schemas["FeedbackRequest"], "approval_id" | "limits">> &
  Pick<Schemas["FeedbackRequest"], "decision"> & { limits?: Partial<Schemas["GroupLimits"]> };
export type Waiting = Schemas["WaitingView"];
export type CancelReceipt = Schemas["CancelReceiptView"];
export type Identity = Schemas["Me"];
export type Health = Schemas["Health"];
export type Problem = Schemas["Problem"];
export type Fault = Schemas["Fault"];
export type StoredCrew = Schemas["CrewView"];
export type StoredCrewDocument = Schemas["CrewDocument"];
export type Project = NonNullable<StoredCrewDocument["project"]>;
export type Alias = Schemas["AliasView"];
export type Secret = Schemas["SecretView"];
export type AuditEntry = Schemas["AuditEntry"];
export type Erasure = Schemas["Erasure"];
export type AuditList = Schemas["AuditList"];
export type Rerun = Partial<Schemas["RerunRequest"]>;
export type Trigger = Schemas["TriggerView"];
export type TriggerTrial = Schemas["TriggerTrial"];
export type Firing = Schemas["Firing"];
export type Batch = Schemas["BatchView"];
export type BatchRow = Schemas["BatchRow"];
export type Webhook = Schemas["Webhook"];
export type Delivery = Schemas["DeliveryView"];
export type GroupFile = Schemas["GroupFile"];
export type FileReceipt = Schemas["FileReceipt"];
export type Artifact = Schemas["ArtifactView"];
export type DryRun = Schemas["DryRun"];
export type Tool = Schemas["Tool"];
export type ConnectionList = Schemas["ConnectionList"];
export type ConnectionSpec = Schemas["ConnectionSpec"];
export type ModelPrice = Schemas["ModelPrice"];
export type MemoryScope = Schemas["ScopeSummary"];
export type MemoryRecord = Schemas["MemoryRecordView"];
export type MemoryHit = Schemas["MemoryHitView"];
export type MemoryReceipt = Schemas["MemoryReceipt"];
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export const STATUSES: readonly Status[] = ["PENDING", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED"];

export function isTerminal(status: Status): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}
