import "./kind.css";
import {
  BookOpen,
  Bot,
  Database,
  Lightbulb,
  ListTodo,
  Plug,
  ShieldCheck,
  Sparkles,
  TriangleAlert,
  UserRound,
  Users,
  Workflow,
  Wrench,
} from "lucide-react";
import type { EventSource } from "@/api/types";

const ICONS = {
  flow: Workflow,
  crew: Users,
  task: ListTodo,
  agent: Bot,
  llm: Sparkles,
  tool: Wrench,
  memory: Database,
  knowledge: BookOpen,
  reasoning: Lightbulb,
  guardrail: ShieldCheck,
  mcp: Plug,
  human: UserRound,
  system: TriangleAlert,
} satisfies Record<EventSource, unknown>;

/** A kind this page does not know yet is still shown. */
export function KindIcon({ kind, size = 14 }: { kind: EventSource; size?: number }) {
  const Icon = (ICONS as Partial<typeof ICONS>)[kind] ?? Sparkles;
  return <Icon className={`kind-icon kind-${kind}`} size={size} aria-hidden />;
}
