import { useState } from "react";
import { useNavigate } from "react-router";
import { useApi } from "@/api/queries";
import type { Json } from "@/api/types";
import { useStoredCrews } from "@/compose/stored";
import { Button, Field, Trouble } from "@/ui/kit";
import { SettingsForm } from "@/ui/Settings";
import { useCreateBatch } from "./batches";
import { MOST_BYTES, rowsOf } from "./rows";

/** Runs a stored crew once for each row of a file. */
export function BatchForm() {
  const { group } = useApi();
  const navigate = useNavigate();
  const [crew, setCrew] = useState("");
  const [atOnce, setAtOnce] = useState("");
  const [tolerated, setTolerated] = useState("");
  const [rows, setRows] = useState<Json[]>([]);
  const [told, setTold] = useState("");
  const crews = useStoredCrews();
  const create = useCreateBatch();
  const read = async (file: File | undefined): Promise<void> => {
    setRows([]);
    setTold("");
    if (!file) return;
    try {
      if (file.size > MOST_BYTES) throw new Error("Larger files go by the command line: stepcrew batch run CREW FILE.");
      const found = rowsOf(file.name, await file.text());
      setRows(found);
      setTold(`${found.length} rows`);
    } catch (error) {
      setTold(error instanceof Error ? error.message : String(error));
    }
  };
  const submit = () => {
    const body: Record<string, Json> = {
      crew: crew.trim(),
      inputs: rows,
      ...(atOnce && { max_concurrency: Number(atOnce) }),
      ...(tolerated && { tolerated_failures: Number(tolerated) }),
    };
    create.mutate(
      { key: crypto.randomUUID(), body },
      { onSuccess: (made) => void navigate(`/g/${encodeURIComponent(group)}/batches/${made.batch_id}`) },
    );
  };
  return (
    <SettingsForm title="Run a batch" onSubmit={submit}>
      <Field label="Crew" hint="Stored under this name; NAME@VERSION holds to one version.">
        <input value={crew} list="stored-crews" spellCheck={false} onChange={(event) => setCrew(event.target.value)} />
      </Field>
      <datalist id="stored-crews">
        {crews.data?.crews.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field label="Rows" hint={told || "A CSV, JSON Lines or JSON file: one object of inputs a row."}>
        <input
          type="file"
          accept=".csv,.jsonl,.ndjson,.json"
          onChange={(event) => void read(event.target.files?.[0])}
        />
      </Field>
      <Field label="At once" hint="Executions at a time; empty is half of the group's slots.">
        <input type="number" min={1} value={atOnce} onChange={(event) => setAtOnce(event.target.value)} />
      </Field>
      <Field label="Tolerated failures" hint="Rows that may fail before no more are started; empty is 100.">
        <input type="number" min={0} value={tolerated} onChange={(event) => setTolerated(event.target.value)} />
      </Field>
      <Button type="submit" busy={create.isPending} disabled={!crew.trim() || rows.length === 0}>
        Run
      </Button>
      {create.error && <Trouble error={create.error} />}
    </SettingsForm>
  );
}
