import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { WebhooksPage } from "@/webhooks/WebhooksPage";
import { showWith } from "./fake-api";

const WEBHOOK = {
  name: "ops",
  url: "https://ops.example.com/crews",
  secret: "WEBHOOK_OPS",
  events: ["failed"],
  crews: null,
  format: "standard",
  enabled: true,
  off_reason: "",
};
const OFF = { ...WEBHOOK, name: "old", enabled: false, off_reason: "The receiver answered 410." };
const DELIVERY = {
  delivery_id: "msg_1",
  execution_id: "01a2-0000-abc",
  event_id: "01a2.9",
  event_type: "stepcrew.execution.failed",
  state: "FAILED",
  reason: "The receiver answered 503. It was tried 8 times.",
  created_at: "2026-11-24T10:00:00Z",
  next_try_at: null,
  request: '{"specversion":"1.0"}',
  attempts: [{ at: "2026-11-24T10:00:01Z", status: 503, body: "busy", reason: "", milliseconds: 20 }],
  tries: 8,
  round: 1,
};
const WAITING = { ...DELIVERY, delivery_id: "msg_2", state: "WAITING", next_try_at: "2026-11-24T11:00:00Z" };
const OF_BATCH = { ...DELIVERY, delivery_id: "msg_3", event_type: "stepcrew.batch.completed", state: "DELIVERED" };
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });
const KEY = { key_id: "k", made_at: "2026-11-24T10:00:00Z", ends_at: null };
const ANSWERS: Record<string, unknown> = {
  "/api/v1/webhooks": { webhooks: [WEBHOOK, OFF] },
  "/api/v1/decision-links": { enabled: false, days: 3, keys: [] },
};
const GET = (path: string) => good(ANSWERS[path] ?? { deliveries: [DELIVERY, WAITING, OF_BATCH], next_cursor: null });

describe("The webhooks of a group", () => {
  it("are listed with why one was switched off, and the log of one with each answer", async () => {
    showWith({ GET }, <WebhooksPage />);
    const row = (await screen.findByRole("button", { name: "old" })).closest("tr");
    expect(row).toHaveTextContent("Off: The receiver answered 410.");
    const log = await screen.findByRole("region", { name: "Deliveries of ops" });
    expect(within(log).getAllByText("503, 8 tries")).toHaveLength(3);
    expect(within(log).getAllByText("busy")).toHaveLength(3);
    const [first] = within(log).getAllByRole("link", { name: "01a2-0000-abc" });
    expect(first).toHaveAttribute("href", "/g/demo/executions/01a2-0000-abc");
    expect(within(log).getAllByRole("link").at(-1)).toHaveAttribute("href", "/g/demo/batches/01a2-0000-abc");
  });

  it("are set by an admin", async () => {
    const PUT = vi.fn(() => good(WEBHOOK));
    showWith({ GET, PUT }, <WebhooksPage />, { role: "admin" });
    await userEvent.type(screen.getByLabelText("Name"), "ops");
    await userEvent.type(screen.getByLabelText(/Address/), WEBHOOK.url);
    expect(screen.getByRole("button", { name: "Set" })).toBeDisabled();
    await userEvent.type(screen.getByLabelText(/Secret/), "WEBHOOK_OPS");
    await userEvent.type(screen.getByLabelText(/Crews/), "report, poems");
    await userEvent.click(screen.getByRole("checkbox", { name: "waiting" }));
    await userEvent.click(screen.getByRole("button", { name: "Set" }));
    expect(await screen.findByText("ops is set.")).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/webhooks/{name}", {
      params: { path: { name: "ops" } },
      body: {
        url: WEBHOOK.url,
        format: "standard",
        secret: "WEBHOOK_OPS",
        events: ["completed", "failed", "cancelled", "budget"],
        crews: ["report", "poems"],
        decision_links: false,
      },
    });
  });

  it("deliver again what is not on its way, send samples, and are removed", async () => {
    const POST = vi.fn(() => good({ delivery_id: "msg_1" }));
    const DELETE = vi.fn(() => good(undefined));
    showWith({ GET, POST, DELETE }, <WebhooksPage />, { role: "admin" });
    const again = await screen.findAllByRole("button", { name: /Deliver again/ });
    expect(again).toHaveLength(2);
    await userEvent.click(again[0] as HTMLElement);
    expect(POST).toHaveBeenCalledWith("/api/v1/webhooks/{name}/deliveries/{delivery_id}/redeliver", {
      params: { path: { name: "ops", delivery_id: "msg_1" } },
    });
    await userEvent.click(screen.getByRole("button", { name: "Send a sample to old" }));
    expect(POST).toHaveBeenCalledWith("/api/v1/webhooks/{name}/test", { params: { path: { name: "old" } } });
    await userEvent.click(screen.getByRole("button", { name: "Remove old" }));
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(DELETE).toHaveBeenCalledWith("/api/v1/webhooks/{name}", { params: { path: { name: "old" } } });
  });

  it("are shown to members without what admins do, and not to viewers", async () => {
    const { unmount } = showWith({ GET }, <WebhooksPage />, { role: "member" });
    await screen.findByRole("region", { name: "Deliveries of ops" });
    expect(screen.queryByRole("button", { name: /Remove|sample|Set|Switch/ })).toBeNull();
    unmount();
    const asked = vi.fn(GET);
    showWith({ GET: asked }, <WebhooksPage />, { role: "viewer" });
    expect(await screen.findByText(/shown to members/)).toBeInTheDocument();
    expect(asked).not.toHaveBeenCalled();
  });

  it("carry links that decide once an admin allows it, until they are revoked", async () => {
    let on = false;
    const setting = () => ({ enabled: on, days: 3, keys: on ? [KEY] : [] });
    const answer = (path: string) => (path === "/api/v1/decision-links" ? good(setting()) : GET(path));
    const PUT = vi.fn((_path: string, { body }: { body: { enabled: boolean } }) => {
      on = body.enabled;
      return good(setting());
    });
    const POST = vi.fn(() => good(setting()));
    showWith({ GET: answer, PUT, POST }, <WebhooksPage />, { role: "admin" });
    await userEvent.click(await screen.findByRole("button", { name: "Switch on" }));
    expect(await screen.findByText(/^On\. Whoever reads/)).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/decision-links", { body: { enabled: true, days: 3 } });
    const rotate = "/api/v1/decision-links/rotate";
    await userEvent.click(screen.getByRole("button", { name: "Sign with another key" }));
    expect(POST).toHaveBeenCalledWith(rotate, { params: { query: { revoke: false } } });
    await userEvent.click(screen.getByRole("button", { name: "Revoke what was sent" }));
    await userEvent.click(await screen.findByRole("button", { name: "Revoke" }));
    expect(POST).toHaveBeenCalledWith(rotate, { params: { query: { revoke: true } } });
    await userEvent.click(screen.getByRole("button", { name: "Switch off" }));
    await userEvent.click(within(await screen.findByRole("dialog")).getByRole("button", { name: "Switch off" }));
    expect(await screen.findByText(/^Off\. Approvals/)).toBeInTheDocument();
  });

  it("send e-mails where addresses are named", async () => {
    const PUT = vi.fn(() => good(WEBHOOK));
    const mails = { ...WEBHOOK, name: "people", url: null, secret: null, format: "mail", to: ["ada@example.com"] };
    const answer = (path: string) => (path === "/api/v1/webhooks" ? good({ webhooks: [mails] }) : GET(path));
    showWith({ GET: answer, PUT }, <WebhooksPage />, { role: "admin" });
    expect(await screen.findByText("ada@example.com")).toBeInTheDocument();
    await userEvent.type(screen.getByLabelText("Name"), "people");
    await userEvent.selectOptions(screen.getByLabelText("Format"), "mail");
    expect(screen.queryByLabelText(/Secret/)).toBeNull();
    await userEvent.type(screen.getByLabelText(/Address/), "ada@example.com, bob@example.com");
    await userEvent.click(screen.getByRole("checkbox", { name: /carries links/ }));
    await userEvent.click(screen.getByRole("button", { name: "Set" }));
    expect(PUT).toHaveBeenCalledWith("/api/v1/webhooks/{name}", {
      params: { path: { name: "people" } },
      body: {
        to: ["ada@example.com", "bob@example.com"],
        format: "mail",
        events: ["waiting", "completed", "failed", "cancelled", "budget"],
        crews: null,
        decision_links: true,
      },
    });
  });
});
