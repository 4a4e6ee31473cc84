import type { EventSource } from "@/api/types";

/** Kinds as the filter offers them, in the order of the legend. */
export const KINDS: readonly EventSource[] = [
  "llm",
  "tool",
  "mcp",
  "agent",
  "task",
  "crew",
  "flow",
  "reasoning",
  "guardrail",
  "memory",
  "knowledge",
  "human",
  "system",
];

export const KIND_NAMES: Record<EventSource, string> = {
  llm: "Model",
  tool: "Tool",
  mcp: "MCP",
  agent: "Agent",
  task: "Task",
  crew: "Crew",
  flow: "Flow",
  reasoning: "Reasoning",
  guardrail: "Guardrail",
  memory: "Memory",
  knowledge: "Knowledge",
  human: "Person",
  system: "System",
};

/** A kind this page does not know yet is called what the API calls it. */
export function kindName(kind: EventSource): string {
  return (KIND_NAMES as Partial<typeof KIND_NAMES>)[kind] ?? kind;
}

const NAMES: Record<string, string> = {
  llm_call: "Model call",
  summarization: "Context summarized",
  tool_usage: "Tool call",
  tool_failure: "Tool failure",
  mcp_connection: "MCP connection",
  mcp_tool: "MCP tool call",
  agent_execution: "Agent at work",
  agent_reasoning: "Planning",
  plan_step: "Plan step",
  step_observation: "Observation",
  plan_refinement: "Plan refined",
  plan_replan: "New plan",
  goal_achieved_early: "Goal reached early",
  guardrail: "Guardrail",
  memory_query: "Memory query",
  memory_retrieval: "Memory retrieval",
  memory_save: "Memory save",
  knowledge_retrieval: "Knowledge retrieval",
  knowledge_query: "Knowledge query",
  human_feedback: "Asked a person",
  flow: "Flow",
  flow_method: "Flow method",
  crew: "Crew",
  task: "Task",
  error: "Error",
  cancelled: "Cancelled",
};

export const DECIDED: Record<string, string> = { approve: "approved", revise: "sent back", reject: "rejected" };

/** `llm_call` is a model call. A kind this page does not know yet is called what the API calls it. */
export function typeName(kind: string): string {
  return NAMES[kind] ?? capitalize(kind.replaceAll("_", " "));
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
