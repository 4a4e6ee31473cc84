import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { ToolsPage } from "@/tools/ToolsPage";
import { showWith } from "./fake-api";

const SCHEMA = { type: "object", properties: { order: {}, note: {} }, required: ["order"] };
const TOOLS = [
  { name: "SerperDevTool", summary: "Searches.", secrets: ["SERPER_API_KEY"], effects: false, input_schema: SCHEMA },
  { name: "refund", summary: "Refunds.", secrets: ["SHOP_KEY"], effects: true, input_schema: SCHEMA, of_group: true },
];
const CONNECTION = {
  name: "router",
  provider: "openai",
  base_url: "https://openrouter.ai/api/v1",
  secret: "ROUTER_KEY",
  fallbacks: ["openai/gpt-4.1"],
  updated_at: "2026-11-24T10:00:00Z",
  updated_by: null,
};
const ANSWERS: Record<string, unknown> = {
  "/api/v1/tools": TOOLS,
  "/api/v1/secrets": { secrets: [{ name: "SHOP_KEY", set_at: "", set_by: null, crews: [] }] },
  "/api/v1/connections": { connections: [CONNECTION], operators: ["ollama"] },
  "/api/v1/prices": { models: { "router/llama": { input_usd: 0.1, output_usd: 0.2, cached_usd: null } } },
};
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });
const GET = (path: string) => good(ANSWERS[path]);

describe("Tools and models", () => {
  it("tell what tools take and which of their secrets are set, the group's own first", async () => {
    showWith({ GET }, <ToolsPage />, { role: "viewer" });
    const rows = within(await screen.findByRole("region", { name: "Tools" }))
      .getAllByRole("row")
      .slice(1);
    await vi.waitFor(() => expect(rows[0]).toHaveTextContent("SHOP_KEY set"));
    expect(rows[0]).toHaveTextContent("refund has effects");
    expect(rows[0]).toHaveTextContent("order*, note");
    expect(rows[1]).toHaveTextContent("SERPER_API_KEY not set by the group");
    expect(screen.queryByRole("button", { name: /Remove/ })).not.toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Set" })).not.toBeInTheDocument();
    expect(await screen.findByText("The operator's: ollama.")).toBeInTheDocument();
  });

  it("lets admins set a connection, and remove what is the group's", async () => {
    const PUT = vi.fn(() => good(CONNECTION));
    const DELETE = vi.fn(() => good(undefined));
    showWith({ GET, PUT, DELETE }, <ToolsPage />);
    const form = await screen.findByRole("form", { name: "Set a connection" });
    await userEvent.type(within(form).getByLabelText(/Name/), "groq");
    await userEvent.type(within(form).getByLabelText(/Address/), "https://api.groq.com/v1");
    await userEvent.type(within(form).getByLabelText(/Fallbacks/), "openai/a, openai/b");
    await userEvent.click(within(form).getByRole("button", { name: "Set" }));
    expect(await screen.findByText("router is set.")).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/connections/{name}", {
      params: { path: { name: "groq" } },
      body: {
        base_url: "https://api.groq.com/v1",
        provider: "openai",
        secret: null,
        fallbacks: ["openai/a", "openai/b"],
      },
    });
    for (const name of ["refund", "router"]) {
      await userEvent.click(await screen.findByRole("button", { name: `Remove ${name}` }));
    }
    expect(DELETE.mock.calls.map(([path]: unknown[]) => path)).toEqual([
      "/api/v1/tools/{name}",
      "/api/v1/connections/{name}",
    ]);
  });

  it("keeps the other prices when one is set or removed", async () => {
    const PUT = vi.fn(() => good({ models: {} }));
    showWith({ GET, PUT }, <ToolsPage />);
    const form = await screen.findByRole("form", { name: "Set a price" });
    await userEvent.type(within(form).getByLabelText(/Model/), "groq/x");
    await userEvent.type(within(form).getByLabelText(/Input/), "1");
    await userEvent.type(within(form).getByLabelText(/Output/), "2.5");
    await userEvent.click(within(form).getByRole("button", { name: "Set" }));
    const [, sent] = PUT.mock.calls[0] as unknown as [string, { body: { models: object } }];
    expect(Object.keys(sent.body.models)).toEqual(["router/llama", "groq/x"]);
    await userEvent.click(await screen.findByRole("button", { name: "Remove router/llama" }));
    const [, left] = PUT.mock.calls[1] as unknown as [string, { body: { models: object } }];
    expect(left.body.models).toEqual({});
  });
});
