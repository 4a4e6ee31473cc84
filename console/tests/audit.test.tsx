import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { AuditPage } from "@/audit/AuditPage";
import { showWith } from "./fake-api";

const entry = (id: string, target: string) => ({
  ...{ entry_id: id, at: "2026-11-24T10:00:00Z", who: "ada@example.com", role: "admin" },
  ...{ action: "secrets.set_secret", target, request_id: "r-1" },
});

it("shows who changed what, and earlier entries on request", async () => {
  const GET = vi.fn((_path: string, options?: { params?: { query?: { cursor?: string } } }) =>
    Promise.resolve({
      data: options?.params?.query?.cursor
        ? { entries: [entry("1", "OLD_KEY")], next_cursor: null }
        : { entries: [entry("2", "NEW_KEY")], next_cursor: "on" },
      response: new Response(),
    }),
  );
  showWith({ GET }, <AuditPage />, { role: "admin" });
  expect((await screen.findByText("NEW_KEY")).closest("tr")).toHaveTextContent("ada@example.com");
  await userEvent.click(screen.getByRole("button", { name: "Show earlier ones" }));
  expect(await screen.findByText("OLD_KEY")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Show earlier ones" })).toBeNull();
});
