import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { EMPTY, specOf } from "@/triggers/spec";
import { TriggersPage } from "@/triggers/TriggersPage";
import { showWith } from "./fake-api";

const TRIGGER = {
  name: "orders",
  crew: "poems",
  inputs: { topic: "${text}" },
  enabled: true,
  limits: null,
  object: { prefix: "new/", suffix: ".txt", contents: "text" },
  event: null,
  schedule: null,
  hook: null,
  hook_id: null,
  hook_path: null,
  revision: 1,
  made_by: "ada@example.com",
  created_at: "2026-11-24T10:00:00Z",
  updated_at: "2026-11-24T10:00:00Z",
};
const FAILED = {
  firing_id: "f1",
  trigger: "orders",
  cause: "s3://inbox/demo/new/a.txt",
  status: "FAILED",
  reason: "There is no crew 'poems' in this group.",
  fired_at: "2026-11-24T10:00:00Z",
  started: 0,
  failed: 1,
  execution_ids: [],
  faults: [],
};
const STARTED = {
  ...FAILED,
  firing_id: "f2",
  status: "STARTED",
  reason: "",
  started: 2,
  failed: 0,
  execution_ids: ["01a2-b"],
};
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });
const GET = (path: string) => {
  if (path === "/api/v1/triggers") return good({ triggers: [TRIGGER] });
  if (path === "/api/v1/crews") return good({ crews: [], next_cursor: null });
  return good({ firings: [FAILED, STARTED], next_cursor: null });
};

describe("The triggers of a group", () => {
  it("are listed with what starts them, and their firings with the reasons", async () => {
    showWith({ GET }, <TriggersPage />);
    const row = (await screen.findByRole("button", { name: "orders" })).closest("tr");
    expect(row).toHaveTextContent("objects new/….txt");
    expect(row).toHaveTextContent("On");
    const firings = await screen.findByRole("region", { name: "Firings of inbox" });
    expect(within(firings).getByText(/There is no crew 'poems'/)).toBeInTheDocument();
    expect(within(firings).getByRole("link", { name: "01a2-b" })).toBeInTheDocument();
  });

  it("are set by an admin", async () => {
    const PUT = vi.fn(() => good(TRIGGER));
    showWith({ GET, PUT }, <TriggersPage />, { role: "admin" });
    await userEvent.type(screen.getByLabelText("Name"), "orders");
    await userEvent.type(screen.getByLabelText(/Crew/), "poems");
    await userEvent.type(screen.getByLabelText(/begins with/), "new/");
    await userEvent.click(screen.getByRole("button", { name: "Set" }));
    expect(await screen.findByText("orders is set.")).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/triggers/{name}", {
      params: { path: { name: "orders" } },
      body: { crew: "poems", inputs: {}, object: { prefix: "new/", suffix: "", contents: "text" } },
    });
  });

  it("are paused, and a failed firing is fired again", async () => {
    const POST = vi.fn(() => good(TRIGGER));
    showWith({ GET, POST }, <TriggersPage />, { role: "admin" });
    await userEvent.click(await screen.findByRole("button", { name: "Pause orders" }));
    expect(POST).toHaveBeenCalledWith("/api/v1/triggers/{name}/pause", { params: { path: { name: "orders" } } });
    const [only, ...others] = await screen.findAllByRole("button", { name: /Fire again/ });
    expect(others).toEqual([]);
    await userEvent.click(only as HTMLElement);
    expect(POST).toHaveBeenCalledWith("/api/v1/triggers/{name}/firings/{firing_id}/fire", {
      params: { path: { name: "inbox", firing_id: "f1" } },
    });
  });

  it("are tested with a sample, which shows what would start", async () => {
    const POST = vi.fn(() =>
      good({ crew: "poems", inputs: null, valid: false, reason: "${text} finds nothing.", errors: [] }),
    );
    showWith({ GET, POST }, <TriggersPage />, { role: "member" });
    await userEvent.click(await screen.findByRole("button", { name: "Test orders" }));
    await userEvent.click(screen.getByRole("button", { name: "Test" }));
    expect(await screen.findByText("It would start nothing: ${text} finds nothing.")).toBeInTheDocument();
  });

  it("are only looked at by viewers", async () => {
    showWith({ GET }, <TriggersPage />, { role: "viewer" });
    await screen.findByRole("region", { name: "Firings of inbox" });
    expect(screen.queryByRole("button", { name: /Pause|Remove|Test|Fire again|Set/ })).toBeNull();
  });
});

describe("What the form holds", () => {
  it("becomes the body of the request, by its kind", () => {
    const draft = { ...EMPTY, crew: "poems", inputs: '{"topic": "x"}' };
    expect(specOf({ ...draft, kind: "schedule", expression: "rate(1 hour)", timeZone: "UTC" })).toEqual({
      crew: "poems",
      inputs: { topic: "x" },
      schedule: { expression: "rate(1 hour)", time_zone: "UTC" },
    });
    expect(specOf({ ...draft, kind: "event", pattern: '{"source": ["shop"]}', bus: "default" }).event).toEqual({
      bus: "default",
      pattern: { source: ["shop"] },
    });
    expect(specOf({ ...draft, kind: "hook", signature: "hmac", secret: "HOOK_KEY", header: "X-Sign" }).hook).toEqual({
      signature: "hmac",
      secret: { secret: "HOOK_KEY" },
      header: "X-Sign",
    });
  });

  it("is refused with the field's name when it is no JSON object", () => {
    expect(() => specOf({ ...EMPTY, inputs: "{" })).toThrow("Inputs is no JSON.");
    expect(() => specOf({ ...EMPTY, kind: "event", pattern: "[]" })).toThrow("Pattern must be an object");
  });
});
