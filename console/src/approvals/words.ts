import type { Approval, ApprovalKind, Limits, Decision } from "@/api/types";

export const LIMIT_WORDS: Record<string, string> = {
  max_tokens: "tokens",
  max_cost_usd: "US dollars",
  max_model_calls: "model calls",
  timeout_seconds: "seconds",
};

export const KIND_WORDS: Record<ApprovalKind, string> = {
  answer: "Answer",
  tool: "Tool call",
  budget: "Budget",
  effect: "Repeated call",
  feedback: "Feedback",
  input: "Input",
};

/** What is asked, in a few words. */
export function askedFor(
  { kind, task_name: task }: Pick<Approval, "kind" | "task_name">,
  tools: string[] = [],
  limit: string | null = null,
): string {
  if (kind === "answer") return `Judge the answer of ${task ?? "a task"}`;
  if (kind === "tool") return `Allow ${tools.length ? [...new Set(tools)].join(" and ") : "a tool call"}`;
  if (kind === "feedback") return `Say what you think of ${task ?? "what the flow made"}`;
  if (kind === "input") return "Give a text that the code asks for";
  if (kind === "effect") return `Say whether ${tools.length ? tools.join(" and ") : "a tool call"} is made again`;
  return `Give more ${limit ? (LIMIT_WORDS[limit] ?? limit) : "budget"}`;
}

export function titleOf(approval: Approval): string {
  return askedFor(
    approval,
    approval.tools.map((call) => call.tool_name),
    approval.limit,
  );
}

const DONE: Record<Decision["kind"], string> = {
  approve: "Approved",
  revise: "Sent back to be revised",
  reject: "Rejected",
};

/** Who decided what. */
export function decisionWords({ kind, decided_by: who, output, output_reference: large }: Decision): string {
  const what = `${DONE[kind]}${output === null && large === null ? "" : " with changes"}`;
  return who ? `${what} by ${who}` : `${what} because nobody decided in time`;
}

export function deciderWords({ deciders }: Pick<Approval, "deciders">): string {
  return deciders.length ? deciders.join(", ") : "everyone who may run crews in this group";
}

/** The budgets that are set: `5,000 tokens, 3 model calls`. */
export function limitWords(limits: Limits): string {
  const set = ["max_tokens", "max_model_calls", "max_cost_usd"] as const;
  return set
    .flatMap((name) => (limits[name] ? [`${limits[name].toLocaleString("en")} ${LIMIT_WORDS[name] ?? name}`] : []))
    .join(", ");
}
