import { render, screen, within } from "@testing-library/react";
import { Outlet, Route, Routes } from "react-router";
import { expect, it, vi } from "vitest";
import type { Cost } from "@/api/types";
import { CheckResult } from "@/compose/CheckResult";
import { CostTab } from "@/execution/CostTab";
import { costHint } from "@/lib/format";
import { anExecution, showWith } from "./fake-api";

const share = { model_calls: 2, total_tokens: 900, model_usd: 0.01 };
const line = { what: "Runner: memory and time", item: "function_gb_seconds", basis: "measured" } as const;
const COST: Cost = {
  ...anExecution().cost,
  by_task: [{ name: "write", ...share }],
  by_agent: [{ name: null, ...share }],
  by_model: [{ name: "openai/own", ...share, model_usd: null }],
  infrastructure: [{ ...line, quantity: 150, unit_usd: 0.0000133334, usd: 0.00200001 }],
  notes: ["The execution is open."],
};

it("tells the whole bill of an execution, part by part", async () => {
  const GET = vi.fn().mockResolvedValue({ data: COST, response: new Response() });
  const outlet = { execution: anExecution() };
  showWith(
    { GET },
    <Routes>
      <Route element={<Outlet context={outlet} />}>
        <Route path="/" element={<CostTab />} />
      </Route>
    </Routes>,
  );
  expect(await screen.findByText("$0.0120")).toBeInTheDocument();
  expect(screen.getByRole("note")).toHaveTextContent("The execution is open.");
  expect(within(screen.getByRole("region", { name: "By task" })).getByText("write")).toBeInTheDocument();
  expect(within(screen.getByRole("region", { name: "By agent" })).getByText("None")).toBeInTheDocument();
  expect(within(screen.getByRole("region", { name: "By model" })).getByText("–")).toBeInTheDocument();
  expect(within(screen.getByRole("region", { name: "AWS" })).getByText("$0.0020000")).toBeInTheDocument();
});

it("says in a hint what a cost is made of", () => {
  expect(costHint(anExecution())).toBe("Models $0.0100, AWS $0.0020; about");
});

it("says what a crew will probably cost, from its earlier executions", () => {
  const plan = {
    ...{ valid: true as const, name: "report", process: "sequential", model: null, models: [], agents: [], tasks: [] },
    ...{ tools: [], placeholders: [], unset_environment: [] },
    limits: {
      timeout_seconds: 60,
      max_tokens: null,
      max_cost_usd: null,
      max_model_calls: null,
      on_budget: "fail" as const,
    },
    unset_environment: [],
    estimate: {
      executions: 3,
      total_usd: { low: 0.01, median: 0.02, high: 0.03 },
      seconds: { low: 60, median: 90, high: 120 },
    },
  };
  render(
    <CheckResult
      {...{ faults: [], missing: [], busy: false, error: null, plan }}
      onGoTo={() => undefined}
      onAsk={() => undefined}
    />,
  );
  expect(
    screen.getByText(
      "Probably $0.0200 ($0.0100 to $0.0300) and 1 m 30 s (1 m 00 s to 2 m 00 s), as the last 3 of this name.",
    ),
  ).toBeInTheDocument();
});
