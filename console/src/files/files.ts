import { useMutation, useQuery } from "@tanstack/react-query";
import { useChange } from "@/api/changes";
import { fetchSigned, putSigned, unwrap } from "@/api/client";
import { fetchBody, fetchFile, useApi } from "@/api/queries";
import { type Artifact, type Execution, type FileReceipt, type GroupFile, isTerminal } from "@/api/types";
import { hashOf } from "@/lib/files";

/** Between two looks while a file is being read. Milliseconds. */
const PACE = 1_500;
export const MOST_BYTES = 50_000_000;

export function useFiles() {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "files"],
    refetchInterval: ({ state }) => (state.data?.some((file) => file.state === "reading") ? PACE : false),
    queryFn: async (): Promise<GroupFile[]> => unwrap(await api.GET("/api/v1/files")).files,
  });
}

/** Asks for an address, uploads to it, and asks again; what is there already is not sent. */
export function useUpload() {
  const { api } = useApi();
  return useChange(
    async ({ file, told }: { file: File; told: (part: number) => void }): Promise<GroupFile> => {
      if (file.size > MOST_BYTES) throw new Error("A file has at most 50 MB.");
      const content = await file.arrayBuffer();
      const body = { sha256: await hashOf(content), bytes: content.byteLength, embedder: null };
      const ask = async () =>
        unwrap(await api.PUT("/api/v1/files/{name}", { params: { path: { name: file.name } }, body }));
      let answer = await ask();
      if ("headers" in answer) {
        await putSigned(answer.url, answer.headers, content, told);
        answer = await ask();
      }
      if ("headers" in answer) throw new Error("The file did not arrive. Try it again.");
      return answer;
    },
    ["files"],
  );
}

export function useRemoveFile() {
  const { api } = useApi();
  return useChange(
    async (name: string): Promise<FileReceipt> =>
      unwrap(await api.DELETE("/api/v1/files/{name}", { params: { path: { name } } })),
    ["files"],
  );
}

/** Where the bytes of a file are, for the next minutes. */
export function useAddress() {
  const { api } = useApi();
  return async (name: string) => unwrap(await api.GET("/api/v1/files/{name}", { params: { path: { name } } }));
}

export function useFileText(file: GroupFile, enabled: boolean) {
  const { group } = useApi();
  const address = useAddress();
  return useQuery({
    queryKey: [group, "file", file.name, file.sha256],
    enabled,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async () => (await fetchSigned((await address(file.name)).url)).text(),
  });
}

/** Those of the tasks that have finished. */
export function useArtifacts(execution: Execution) {
  const { api, group } = useApi();
  const params = { path: { execution_id: execution.execution_id } };
  return useQuery({
    queryKey: [group, "artifacts", execution.execution_id, execution.progress.tasks_done, execution.status],
    staleTime: isTerminal(execution.status) ? Infinity : 0,
    queryFn: async (): Promise<Artifact[]> =>
      unwrap(await api.GET("/api/v1/executions/{execution_id}/artifacts", { params })).artifacts,
  });
}

export function useArtifactText(execution: Execution, name: string, enabled: boolean) {
  const { api, group } = useApi();
  return useQuery({
    queryKey: [group, "artifact", execution.execution_id, name],
    enabled,
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: async () => fetchBody(api, artifactPath(execution, name)),
  });
}

export function useArtifactFile(execution: Execution) {
  const { api } = useApi();
  return useMutation({ mutationFn: (name: string) => fetchFile(api, artifactPath(execution, name)) });
}

function artifactPath(execution: Execution, name: string): string {
  const path = name.split("/").map(encodeURIComponent).join("/");
  return `/api/v1/executions/${execution.execution_id}/artifacts/${path}`;
}
