import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Api, unwrap } from "@/api/client";
import { useApi } from "@/api/queries";
import type { StoredCrew, StoredCrewDocument } from "@/api/types";
import { type CrewFile, textOf } from "./projects";
import type { Request } from "./request";

const MOST_SHOWN = 100;

/** The first crews of the group by name; `more` says that there are others. */
export function useStoredCrews() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "crews"],
    queryFn: async (): Promise<{ crews: StoredCrew[]; more: boolean }> => {
      const page = unwrap(await api.GET("/api/v1/crews", { params: { query: { limit: MOST_SHOWN } } }));
      return { crews: page.crews, more: page.next_cursor !== null };
    },
  });
}

export const OF_A_PROJECT =
  "It runs a project's own Python, which is changed in its folder and deployed again: stepcrew deploy PATH.";

/** The latest version of a stored crew. Fails for one whose Python is what runs. */
export async function readStored(api: Api, name: string): Promise<CrewFile> {
  const stored: StoredCrewDocument = unwrap(await api.GET("/api/v1/crews/{name}", { params: { path: { name } } }));
  if (stored.project) throw new Error(OF_A_PROJECT);
  return { name, text: textOf(stored.config, stored.inputs), notes: [] };
}

/** Stores what would be run under a name. Pressing again changes nothing: what equals the latest version makes none. */
export function useStoreCrew() {
  const { api, group } = useApi();
  const client = useQueryClient();
  return useMutation({
    retry: 2,
    mutationFn: async ({ name, request }: { name: string; request: Request }): Promise<StoredCrew> =>
      unwrap(
        await api.PUT("/api/v1/crews/{name}", {
          params: { path: { name } },
          body: { config: request.config, inputs: request.inputs },
        }),
      ),
    onSuccess: () => client.invalidateQueries({ queryKey: [group, "crews"] }),
  });
}

/** A name that a crew can be stored under, made of its own. */
export function storableName(name: string): string {
  return name
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[-._]+|[-._]+$/g, "")
    .slice(0, 100);
}
