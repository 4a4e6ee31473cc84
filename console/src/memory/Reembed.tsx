import { type SyntheticEvent, useState } from "react";
import type { MemoryScope } from "@/api/types";
import { Button, Field, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import { BACKENDS, type Backend, useReembed } from "./memory";

/** For admins: another embedding model for a root scope. Crews go on with the old one until all new vectors are there. */
export function Reembed({ scope }: { scope: MemoryScope }) {
  const [open, setOpen] = useState(false);
  const [embedder, setEmbedder] = useState("");
  const [chosen, setChosen] = useState<Backend | null>(null);
  const backend = chosen ?? scope.backend;
  const reembed = useReembed();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const elsewhere = backend === scope.backend ? {} : { backend };
    reembed.mutate({ scope: scope.path, embedder: embedder.trim(), ...elsewhere }, { onSuccess: () => setOpen(false) });
  };
  return (
    <>
      <Button onClick={() => setOpen(true)}>Change embedding model</Button>
      <Modal title={`Embed ${scope.path} again?`} open={open} onClose={() => setOpen(false)}>
        <form className="memory-reembed" aria-label="Embed again" onSubmit={submit}>
          <p>
            Every text is sent to a new model, at the group&apos;s cost. Crews go on with {scope.embedder} until all are
            done; afterwards they have to name the new one as their embedder.
          </p>
          <Field label="Embedding model" hint="As provider/model. Empty takes the operator's.">
            <input value={embedder} maxLength={200} onChange={(event) => setEmbedder(event.target.value)} />
          </Field>
          <Field label="Vectors lie in" hint="In another place and without a model, they stay as they are.">
            <select value={backend} onChange={(event) => setChosen(event.target.value as Backend)}>
              {Object.entries(BACKENDS).map(([name, title]) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          </Field>
          {reembed.error && <Trouble error={reembed.error} />}
          <Button type="submit" look="primary" busy={reembed.isPending}>
            Begin
          </Button>
        </form>
      </Modal>
    </>
  );
}
