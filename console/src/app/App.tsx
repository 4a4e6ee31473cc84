import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Tooltip } from "radix-ui";
import { useState } from "react";
import { type DataRouter, RouterProvider } from "react-router";
import { ApiProblem } from "@/api/client";
import type { Session } from "@/auth/session";
import { SessionContext } from "./context";

/** A refusal is final; only what may pass by itself is tried again. */
function worthRetrying(failures: number, error: unknown): boolean {
  if (error instanceof ApiProblem && !error.problem.retryable) return false;
  return failures < 3;
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: worthRetrying,
        retryDelay: (failures) => Math.min(1000 * 2 ** failures, 8000),
        staleTime: 1_000,
        gcTime: 10 * 60_000,
        // Loopback works without a network, and browsers err: the answer itself tells whether the server is there.
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

export function App({ session, router }: { session: Session; router: DataRouter }) {
  const [client] = useState(makeQueryClient);
  return (
    <SessionContext value={session}>
      <QueryClientProvider client={client}>
        <Tooltip.Provider delayDuration={350}>
          <RouterProvider router={router} />
        </Tooltip.Provider>
      </QueryClientProvider>
    </SessionContext>
  );
}
