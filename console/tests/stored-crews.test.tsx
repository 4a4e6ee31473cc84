import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { SaveAsCrew, StoredCrews } from "@/compose/StoredCrews";
import { draftOf } from "@/compose/request";
import type { CrewFile } from "@/compose/projects";
import { NO_OPTIONS } from "@/compose/ComposePage";
import { storableName } from "@/compose/stored";
import { showWith } from "./fake-api";

const CONFIG = {
  agents: { poet: { role: "Poet" } },
  tasks: [{ name: "haiku", description: "About {topic}", agent: "poet" }],
};
const VIEW = {
  name: "poems",
  version: 2,
  tasks: 1,
  agents: 1,
  updated_at: "2026-11-24T10:00:00Z",
  updated_by: null,
  kind: "definition",
};
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });

const GET = (path: string) =>
  good(
    path === "/api/v1/crews"
      ? { crews: [VIEW], next_cursor: null }
      : { ...VIEW, config: CONFIG, inputs: { topic: "rain" }, placeholders: ["topic"] },
  );

describe("A stored crew", () => {
  it("is loaded as it was stored, with its default inputs", async () => {
    const onRead = vi.fn();
    showWith({ GET }, <StoredCrews onRead={onRead} />);
    await userEvent.click(await screen.findByRole("button", { name: /poems/ }));
    const draft = draftOf(await (onRead.mock.calls[0]?.[0] as Promise<CrewFile>), NO_OPTIONS);
    expect(draft.request).toEqual({ config: CONFIG, inputs: { topic: "rain" } });
  });

  it("that is a project is not loaded as if its outline were its code", async () => {
    const refused = vi.fn();
    const onRead = (read: Promise<unknown>) => void read.catch(refused);
    const project = { bundle: "a".repeat(64), entry: "main:crew", kind: "crew", function: "f" };
    const asked = (path: string) =>
      path === "/api/v1/crews" ? GET(path) : good({ ...VIEW, config: CONFIG, inputs: {}, placeholders: [], project });
    showWith({ GET: asked }, <StoredCrews onRead={onRead} />);
    await userEvent.click(await screen.findByRole("button", { name: /poems/ }));
    await vi.waitFor(() => expect(refused).toHaveBeenCalledOnce());
    expect(String(refused.mock.calls[0]?.[0])).toContain("stepcrew deploy");
  });

  it("that is a project leads to its page", async () => {
    const flows = () => good({ crews: [{ ...VIEW, kind: "flow" }], next_cursor: null });
    showWith({ GET: flows }, <StoredCrews onRead={vi.fn()} />);
    expect(await screen.findByRole("link", { name: /poems Flow with its Python/ })).toHaveAttribute(
      "href",
      "/g/demo/crews/poems",
    );
  });

  it("is not asked about where the group keeps none", async () => {
    const none = vi.fn(() => good({ crews: [], next_cursor: null }));
    const { container } = showWith({ GET: none }, <StoredCrews onRead={vi.fn()} />);
    await vi.waitFor(() => expect(none).toHaveBeenCalled());
    expect(container).toBeEmptyDOMElement();
  });
});

describe("Saving a crew", () => {
  const request = { config: CONFIG, inputs: { topic: "rain" }, limits: { max_tokens: 9 } };

  it("sends the crew and its inputs under the name, and tells the version", async () => {
    const PUT = vi.fn(() => good(VIEW));
    showWith({ GET, PUT }, <SaveAsCrew request={request} suggestion="My poems!" />);
    await userEvent.click(screen.getByRole("button", { name: "Save as crew" }));
    expect(screen.getByLabelText(/Stored under/)).toHaveValue("My-poems");
    await userEvent.clear(screen.getByLabelText(/Stored under/));
    await userEvent.type(screen.getByLabelText(/Stored under/), "poems");
    await userEvent.click(screen.getByRole("button", { name: "Save" }));
    expect(await screen.findByText("Stored as poems, version 2.")).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/crews/{name}", {
      params: { path: { name: "poems" } },
      body: { config: CONFIG, inputs: { topic: "rain" } },
    });
  });

  it("waits for a crew without faults and a name that can be stored", async () => {
    const shown = showWith({ GET }, <SaveAsCrew request={null} suggestion="poems" />);
    expect(screen.getByRole("button", { name: "Save as crew" })).toBeDisabled();
    shown.unmount();
    showWith({ GET }, <SaveAsCrew request={request} suggestion="poems" />);
    await userEvent.click(screen.getByRole("button", { name: "Save as crew" }));
    await userEvent.type(screen.getByLabelText(/Stored under/), "/");
    expect(screen.getByRole("button", { name: "Save" })).toBeDisabled();
  });

  it("makes a name of any text", () => {
    expect(["Weekly report", "..a/b..", "ünï"].map(storableName)).toEqual(["Weekly-report", "a-b", "n"]);
  });
});
