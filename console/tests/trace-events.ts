import type { TraceEvent } from "@/api/types";

const ORIGIN = Date.parse("2026-11-24T10:00:00Z");

/** The API says what an event is; this says it of the events that tests make. */
function grammar(type: string, attempt: number, started: number | null | undefined) {
  const ending = /_(started|requested|completed|finished|failed|interrupted|received|skipped|held)$/.exec(type)?.[1];
  const start = ending === "started" || ending === "requested";
  const phase = start ? "start" : ending ? "end" : "point";
  return {
    kind: ending ? type.slice(0, -ending.length - 1) : type,
    phase,
    failed: ending === "failed" || type === "error" || type === "tool_failure",
    pairs_with: started ? `${attempt}.${started}` : null,
  } as const;
}

type Told = Partial<TraceEvent> & Pick<TraceEvent, "event_type" | "event_source">;

/** A recorded event as the API sends it; `at` is in milliseconds after the beginning. */
export function event(sequence: number, at: number, told: Told): TraceEvent {
  const attempt = told.attempt ?? 1;
  return {
    id: `${attempt}.${sequence}`,
    attempt,
    sequence,
    ...grammar(told.event_type, attempt, told.started_sequence),
    emitted_at: new Date(ORIGIN + at).toISOString(),
    recorded_at: null,
    event_context: "",
    task_id: null,
    task_name: null,
    agent_role: null,
    parent_sequence: null,
    started_sequence: null,
    duration_ms: null,
    output: null,
    output_reference: null,
    extra_data: {},
    trace_metadata: {},
    ...told,
  };
}

const AT_WORK = { task_name: "research", agent_role: "Researcher" };

/** The beginning of a crew, to the first model call of its task. */
function toTheModel(): TraceEvent[] {
  return [
    event(1, 0, { event_type: "crew_started", event_source: "crew", event_context: "demo" }),
    event(2, 10, { event_type: "task_started", event_source: "task", parent_sequence: 1, ...AT_WORK }),
    event(3, 20, { event_type: "agent_execution_started", event_source: "agent", parent_sequence: 2, ...AT_WORK }),
    event(4, 30, {
      event_type: "llm_call_started",
      event_source: "llm",
      event_context: "gpt",
      parent_sequence: 3,
      ...AT_WORK,
    }),
  ];
}

/** One task of one agent: a model call of 300 ms, a failing tool call, and another model call. */
export function oneTask(): TraceEvent[] {
  return [
    ...toTheModel(),
    event(5, 330, {
      event_type: "llm_call_completed",
      event_source: "llm",
      event_context: "gpt",
      parent_sequence: 3,
      started_sequence: 4,
      duration_ms: 300,
      extra_data: { usage: { total_tokens: 42 }, cost_usd: 0.01 },
      output: "Let me look it up.",
      ...AT_WORK,
    }),
    event(6, 340, {
      event_type: "tool_usage_started",
      event_source: "tool",
      event_context: "search",
      parent_sequence: 3,
      extra_data: { tool_args: { query: "tides" } },
      ...AT_WORK,
    }),
    event(7, 440, {
      event_type: "tool_usage_failed",
      event_source: "tool",
      event_context: "search",
      parent_sequence: 3,
      started_sequence: 6,
      duration_ms: 100,
      output: "no such host",
      ...AT_WORK,
    }),
    event(8, 450, {
      event_type: "agent_execution_completed",
      event_source: "agent",
      parent_sequence: 2,
      started_sequence: 3,
      duration_ms: 430,
      ...AT_WORK,
    }),
    event(9, 460, {
      event_type: "task_completed",
      event_source: "task",
      parent_sequence: 1,
      started_sequence: 2,
      duration_ms: 450,
      ...AT_WORK,
    }),
    event(10, 470, {
      event_type: "crew_completed",
      event_source: "crew",
      event_context: "demo",
      started_sequence: 1,
      duration_ms: 470,
    }),
  ];
}

const SECOND = { attempt: 2 };

/** A task whose answer was asked about after 0.4 s, sent back by a person after a minute, and done in the next attempt. */
export function judged(): TraceEvent[] {
  const asked = {
    event_source: "human",
    event_context: "answer",
    extra_data: { approval: 1, question: "Is this good?" },
    ...AT_WORK,
  } as const;
  const decision = { approval: 1, decision: "revise", decided_by: "bob@example.org", comment: "Shorter" };
  return [
    ...toTheModel(),
    event(5, 330, {
      event_type: "llm_call_completed",
      event_source: "llm",
      parent_sequence: 3,
      started_sequence: 4,
      duration_ms: 300,
      output: "Long.",
      ...AT_WORK,
    }),
    event(6, 400, { ...asked, event_type: "human_feedback_requested", output: "Long." }),
    event(1, 60_400, {
      ...asked,
      event_type: "human_feedback_received",
      event_context: "revise",
      duration_ms: 60_000,
      extra_data: decision,
      ...SECOND,
    }),
    event(2, 61_000, { event_type: "crew_started", event_source: "crew", event_context: "demo", ...SECOND }),
    event(3, 61_010, { event_type: "task_started", event_source: "task", parent_sequence: 2, ...AT_WORK, ...SECOND }),
    event(4, 61_020, {
      event_type: "llm_call_started",
      event_source: "llm",
      event_context: "gpt",
      parent_sequence: 3,
      ...AT_WORK,
      ...SECOND,
    }),
    event(5, 61_220, {
      event_type: "llm_call_completed",
      event_source: "llm",
      parent_sequence: 3,
      started_sequence: 4,
      duration_ms: 200,
      output: "Short.",
      ...AT_WORK,
      ...SECOND,
    }),
    event(6, 61_230, {
      event_type: "task_completed",
      event_source: "task",
      parent_sequence: 2,
      started_sequence: 3,
      duration_ms: 220,
      ...AT_WORK,
      ...SECOND,
    }),
    event(7, 61_240, {
      event_type: "crew_completed",
      event_source: "crew",
      started_sequence: 2,
      duration_ms: 240,
      ...SECOND,
    }),
  ];
}
