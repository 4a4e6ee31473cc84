import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { SecretsPage } from "@/secrets/SecretsPage";
import { showWith } from "./fake-api";

const SECRET = { name: "MCP_KEY", set_at: "2026-11-24T10:00:00Z", set_by: "ada@example.com", crews: ["poems"] };
const good = (data: unknown) => Promise.resolve({ data, response: new Response(null, { status: 200 }) });
const GET = () => good({ secrets: [SECRET] });

describe("The secrets of a group", () => {
  it("are listed by name with who set them and which crews use them", async () => {
    showWith({ GET }, <SecretsPage />);
    const row = (await screen.findByText("MCP_KEY")).closest("tr");
    expect(row).toHaveTextContent("ada@example.com");
    expect(row).toHaveTextContent("poems");
  });

  it("are set by an admin, and the value leaves the page when it was sent", async () => {
    const PUT = vi.fn(() => good({ ...SECRET, crews: [] }));
    showWith({ GET, PUT }, <SecretsPage />, { role: "admin" });
    await userEvent.type(screen.getByLabelText("Name"), "MCP_KEY");
    await userEvent.type(screen.getByLabelText(/Value/), "value-1");
    await userEvent.click(screen.getByRole("button", { name: "Set" }));
    expect(await screen.findByText("MCP_KEY is set.")).toBeInTheDocument();
    expect(PUT).toHaveBeenCalledWith("/api/v1/secrets/{name}", {
      params: { path: { name: "MCP_KEY" } },
      body: { value: "value-1" },
    });
    expect(screen.getByLabelText(/Value/)).toHaveValue("");
  });

  it("are removed after a question that names who uses them", async () => {
    const DELETE = vi.fn(() => good(undefined));
    showWith({ GET, DELETE }, <SecretsPage />, { role: "admin" });
    await userEvent.click(await screen.findByRole("button", { name: "Remove MCP_KEY" }));
    expect(screen.getByText(/The crews poems use it/)).toBeInTheDocument();
    await userEvent.click(screen.getByRole("button", { name: "Remove" }));
    expect(DELETE).toHaveBeenCalledWith("/api/v1/secrets/{name}", { params: { path: { name: "MCP_KEY" } } });
  });

  it("are only looked at by others", async () => {
    showWith({ GET }, <SecretsPage />, { role: "member" });
    await screen.findByText("MCP_KEY");
    expect(screen.queryByRole("button")).toBeNull();
  });
});
