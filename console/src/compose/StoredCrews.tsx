import { Save } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { useApi } from "@/api/queries";
import type { StoredCrew } from "@/api/types";
import { Button, Field, Trouble } from "@/ui/kit";
import type { CrewFile } from "./projects";
import type { Request } from "./request";
import { readStored, storableName, useStoreCrew, useStoredCrews } from "./stored";

interface PickerProps {
  onRead: (reading: Promise<CrewFile>) => void;
}

/** The crews the group keeps: definitions to start from, projects with their pages; nothing while there are none. */
export function StoredCrews({ onRead }: PickerProps) {
  const { api, group } = useApi();
  const stored = useStoredCrews();
  if (stored.error) return <Trouble error={stored.error} retry={() => void stored.refetch()} />;
  if (!stored.data?.crews.length) return null;
  return (
    <>
      <div className="source-cards" role="group" aria-label="Start from a stored crew">
        {stored.data.crews.map((crew) => (
          <div key={crew.name} className="source">
            {crew.kind === "definition" ? (
              <button type="button" className="source-choice" onClick={() => onRead(readStored(api, crew.name))}>
                <Choice crew={crew} what="Stored crew" />
              </button>
            ) : (
              <Link className="source-choice" to={`/g/${group}/crews/${crew.name}`}>
                <Choice crew={crew} what={crew.kind === "flow" ? "Flow with its Python" : "Crew with its Python"} />
              </Link>
            )}
          </div>
        ))}
      </div>
      {stored.data.more && (
        <p className="faint">The group keeps more crews than are shown here; run those by their names.</p>
      )}
    </>
  );
}

function Choice({ crew, what }: { crew: StoredCrew; what: string }) {
  return (
    <>
      <strong>{crew.name}</strong>
      <span className="faint">
        {what}, version {crew.version}: {crew.tasks} {crew.tasks === 1 ? "task" : "tasks"}, {crew.agents}{" "}
        {crew.agents === 1 ? "agent" : "agents"}
      </span>
    </>
  );
}

interface SaveProps {
  /** null while there is nothing that could be stored. */
  request: Request | null;
  suggestion: string;
}

/** Keeps what would be run in the group, under a name. */
export function SaveAsCrew({ request, suggestion }: SaveProps) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState<string | null>(null);
  const store = useStoreCrew();
  const name = typed ?? storableName(suggestion);
  const sound = name !== "" && name === storableName(name);
  const saved = store.data && store.variables.request === request ? store.data : null;
  if (!open) {
    return (
      <Button look="quiet" disabled={!request} onClick={() => setOpen(true)}>
        <Save size={14} aria-hidden />
        Save as crew
      </Button>
    );
  }
  return (
    <fieldset>
      <legend>Save as crew</legend>
      <Field
        label="Stored under"
        hint="Its inputs become its defaults; limits are not kept."
        {...(!sound && { error: "Letters, digits, dots, dashes and underscores; a letter or digit at both ends." })}
      >
        <input value={name} maxLength={100} spellCheck={false} onChange={(event) => setTyped(event.target.value)} />
      </Field>
      <Button
        busy={store.isPending}
        disabled={!request || !sound}
        onClick={() => request && store.mutate({ name, request })}
      >
        Save
      </Button>
      <p role="status">{saved && `Stored as ${saved.name}, version ${saved.version}.`}</p>
      {store.error && <Trouble error={store.error} />}
    </fieldset>
  );
}
