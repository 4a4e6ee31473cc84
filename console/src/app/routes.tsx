import { createBrowserRouter, useRouteError } from "react-router";
import { Empty } from "@/ui/kit";
import { SignedIn } from "@/auth/SignedIn";
import { Gate } from "@/auth/Gate";
import { GroupShell, ToOwnGroup } from "./Shell";

export function makeRouter() {
  return createBrowserRouter([
    { path: "/signed-in", element: <SignedIn /> },
    {
      element: <Gate />,
      errorElement: <Broken />,
      children: [
        {
          path: "/g/:group",
          element: <GroupShell />,
          errorElement: <Broken />,
          children: [
            { index: true, element: <ToOwnGroup /> },
            {
              path: "executions",
              lazy: async () => ({ Component: (await import("@/list/ExecutionsPage")).ExecutionsPage }),
            },
            { path: "new", lazy: async () => ({ Component: (await import("@/compose/ComposePage")).ComposePage }) },
            {
              path: "approvals",
              lazy: async () => ({ Component: (await import("@/approvals/ApprovalsPage")).ApprovalsPage }),
            },
            {
              path: "triggers",
              lazy: async () => ({ Component: (await import("@/triggers/TriggersPage")).TriggersPage }),
            },
            { path: "batches", lazy: async () => ({ Component: (await import("@/batches/BatchesPage")).BatchesPage }) },
            {
              path: "batches/:id",
              lazy: async () => ({ Component: (await import("@/batches/BatchPage")).BatchPage }),
            },
            {
              path: "webhooks",
              lazy: async () => ({ Component: (await import("@/webhooks/WebhooksPage")).WebhooksPage }),
            },
            { path: "tools", lazy: async () => ({ Component: (await import("@/tools/ToolsPage")).ToolsPage }) },
            { path: "crews/:name", lazy: async () => ({ Component: (await import("@/crews/CrewPage")).CrewPage }) },
            { path: "memory", lazy: async () => ({ Component: (await import("@/memory/MemoryPage")).MemoryPage }) },
            { path: "files", lazy: async () => ({ Component: (await import("@/files/FilesPage")).FilesPage }) },
            { path: "secrets", lazy: async () => ({ Component: (await import("@/secrets/SecretsPage")).SecretsPage }) },
            {
              path: "operator",
              lazy: async () => ({ Component: (await import("@/operator/OperatorPage")).OperatorPage }),
            },
            { path: "usage", lazy: async () => ({ Component: (await import("@/usage/UsagePage")).UsagePage }) },
            { path: "audit", lazy: async () => ({ Component: (await import("@/audit/AuditPage")).AuditPage }) },
            {
              path: "erasures",
              lazy: async () => ({ Component: (await import("@/erasures/ErasuresPage")).ErasuresPage }),
            },
            { path: "compare", lazy: async () => ({ Component: (await import("@/compare/ComparePage")).ComparePage }) },
            {
              path: "executions/:id",
              lazy: async () => ({ Component: (await import("@/execution/ExecutionPage")).ExecutionPage }),
              children: [
                {
                  index: true,
                  lazy: async () => ({ Component: (await import("@/execution/TimelineTab")).TimelineTab }),
                },
                {
                  path: "result",
                  lazy: async () => ({ Component: (await import("@/execution/ResultTab")).ResultTab }),
                },
                { path: "tasks", lazy: async () => ({ Component: (await import("@/execution/TasksTab")).TasksTab }) },
                { path: "logs", lazy: async () => ({ Component: (await import("@/execution/LogsTab")).LogsTab }) },
                { path: "cost", lazy: async () => ({ Component: (await import("@/execution/CostTab")).CostTab }) },
                { path: "why", lazy: async () => ({ Component: (await import("@/execution/WhyTab")).WhyTab }) },
                {
                  path: "approvals",
                  lazy: async () => ({ Component: (await import("@/execution/ApprovalsTab")).ApprovalsTab }),
                },
                {
                  path: "definition",
                  lazy: async () => ({ Component: (await import("@/execution/DefinitionTab")).DefinitionTab }),
                },
              ],
            },
            { path: "*", element: <Missing /> },
          ],
        },
        // Addresses without a group (as a script would write them) lead to the caller's own.
        { path: "*", element: <ToOwnGroup /> },
      ],
    },
  ]);
}

function Missing() {
  return (
    <main className="page">
      <Empty title="There is no such page">
        The address may be mistyped. Everything starts at the list of executions.
      </Empty>
    </main>
  );
}

/** A new version may have replaced the files an open page still asks for; loading the page again is the remedy for that too. */
function Broken() {
  const error = useRouteError();
  return (
    <main className="alone" role="alert">
      <h1>This page broke</h1>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p>
        <a href={window.location.href}>Load it again</a>
      </p>
    </main>
  );
}
