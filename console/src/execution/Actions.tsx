import "@/ui/menu.css";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Bell, BellRing, Download, Ellipsis, GitCompareArrows, RotateCcw, Square, Trash2 } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { useNavigate } from "react-router";
import { unwrap } from "@/api/client";
import { rememberExecution, useApi } from "@/api/queries";
import { type Execution, isTerminal } from "@/api/types";
import { useIsAdmin, useMayWrite } from "@/app/context";
import { download } from "@/lib/files";
import type { Trace } from "@/trace/useTrace";
import { Button, IconButton, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import type { Notify } from "./useNotify";

interface Props {
  execution: Execution;
  trace: Trace | undefined;
  notify: Notify;
}

/** What may be done with the execution now, by this person. */
export function Actions({ execution, trace, notify }: Props) {
  const { api, group } = useApi();
  const writes = useMayWrite();
  const admin = useIsAdmin();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [asking, setAsking] = useState<"cancel" | "delete" | null>(null);
  const id = execution.execution_id;
  const path = { execution_id: id };
  const open = !isTerminal(execution.status);
  const cancel = useMutation({
    mutationFn: async () => unwrap(await api.POST("/api/v1/executions/{execution_id}/cancel", { params: { path } })),
    onSuccess: (known) => {
      rememberExecution(client, group, known);
      setAsking(null);
    },
  });
  const remove = useMutation({
    mutationFn: async () => unwrap(await api.DELETE("/api/v1/executions/{execution_id}", { params: { path } })),
    onSuccess: async () => {
      await navigate(`/g/${group}/executions`);
      client.removeQueries({ predicate: ({ queryKey }) => queryKey.includes(id) });
      await client.invalidateQueries({ queryKey: [group, "executions"] });
    },
  });
  const saveTrace = (): void =>
    download(
      `${execution.name}-${id}-trace.json`,
      "application/json",
      JSON.stringify({ execution, ...trace }, null, 1),
    );
  const saveResult = async (): Promise<void> => {
    const result = unwrap(await api.GET("/api/v1/executions/{execution_id}/result", { params: { path } }));
    download(`${execution.name}-${id}-result.json`, "application/json", JSON.stringify(result, null, 2));
  };
  return (
    <div className="actions">
      {open && notify.possible && (
        <IconButton
          label={notify.on ? "Tell me no more when it ends or asks" : "Tell me when it ends or asks a person"}
          className="icon-bordered"
          aria-pressed={notify.on}
          onClick={notify.toggle}
        >
          {notify.on ? <BellRing size={15} aria-hidden /> : <Bell size={15} aria-hidden />}
        </IconButton>
      )}
      {writes && open && (
        <Button
          look="danger"
          aria-label={execution.cancel_requested_at ? "Cancelling…" : "Cancel"}
          onClick={() => setAsking("cancel")}
          disabled={execution.cancel_requested_at !== null}
        >
          <Square size={13} aria-hidden />
          <span className="wide-only">{execution.cancel_requested_at ? "Cancelling…" : "Cancel"}</span>
        </Button>
      )}
      {writes && !execution.error && (
        <Button aria-label="Run again" onClick={() => void navigate(`/g/${group}/new?from=${id}`)}>
          <RotateCcw size={14} aria-hidden />
          <span className="wide-only">Run again</span>
        </Button>
      )}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <IconButton label="More actions" className="icon-bordered">
            <Ellipsis size={16} aria-hidden />
          </IconButton>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content className="menu" align="end" sideOffset={6} collisionPadding={8}>
            <DropdownMenu.Item className="menu-item" onSelect={() => void navigate(`/g/${group}/compare?a=${id}`)}>
              <GitCompareArrows size={15} aria-hidden /> Compare with another
            </DropdownMenu.Item>
            <DropdownMenu.Item className="menu-item" onSelect={saveTrace} disabled={!trace}>
              <Download size={15} aria-hidden /> Download the trace
            </DropdownMenu.Item>
            <DropdownMenu.Item className="menu-item" onSelect={() => void saveResult()}>
              <Download size={15} aria-hidden /> Download the result
            </DropdownMenu.Item>
            {admin && !open && (
              <DropdownMenu.Item className="menu-item menu-danger" onSelect={() => setAsking("delete")}>
                <Trash2 size={15} aria-hidden /> Delete…
              </DropdownMenu.Item>
            )}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Modal
        title="Cancel this execution?"
        open={asking === "cancel"}
        onClose={() => setAsking(null)}
        description="The crew stops before its next model call. What is finished stays, with its outputs and its trace."
      >
        {cancel.error && <Trouble error={cancel.error} />}
        <div className="modal-actions">
          <Button onClick={() => setAsking(null)}>Let it run</Button>
          <Button look="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel the execution
          </Button>
        </div>
      </Modal>
      <Modal
        title="Delete this execution?"
        open={asking === "delete"}
        onClose={() => setAsking(null)}
        description="Its trace, outputs and logs are removed for everyone in the group. This cannot be undone."
      >
        {remove.error && <Trouble error={remove.error} />}
        <div className="modal-actions">
          <Button onClick={() => setAsking(null)}>Keep it</Button>
          <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
            Delete
          </Button>
        </div>
      </Modal>
    </div>
  );
}
