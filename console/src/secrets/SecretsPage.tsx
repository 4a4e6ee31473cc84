import { useState } from "react";
import type { Secret } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { formatDateTime } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Button, Empty, Field, Loading, Trouble } from "@/ui/kit";
import { ConfirmRemoval, RemoveButton } from "@/ui/Removal";
import { Columns, SettingsForm, SettingsTable } from "@/ui/Settings";
import { useRemoveSecret, useSecrets, useSetSecret } from "./secrets";

/** The keys of tools and MCP servers that the group keeps: their names, never their values. */
export function SecretsPage() {
  useTitle("Secrets");
  const secrets = useSecrets();
  const isAdmin = useIsAdmin();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Secrets</h1>
        <p className="faint">Used as {"{secret: NAME}"} in headers of MCP servers, and as keys of tools.</p>
      </div>
      {isAdmin && <SetSecret />}
      {secrets.isPending && <Loading />}
      {secrets.error && <Trouble error={secrets.error} retry={() => void secrets.refetch()} />}
      {secrets.data?.length === 0 && (
        <Empty title="The group keeps no secrets">
          {isAdmin ? "Set one above, or with stepcrew secrets set NAME." : "An admin of the group can set them."}
        </Empty>
      )}
      {secrets.data && secrets.data.length > 0 && <List secrets={secrets.data} removable={isAdmin} />}
    </main>
  );
}

function List({ secrets, removable }: { secrets: Secret[]; removable: boolean }) {
  const [leaving, setLeaving] = useState<Secret | null>(null);
  const remove = useRemoveSecret();
  return (
    <>
      <SettingsTable
        label="Secrets"
        head={<Columns titles={["Name", "Set", "By", "Used by the stored crews"]} actions={removable && "Remove"} />}
      >
        {secrets.map((secret) => (
          <tr key={secret.name}>
            <td>
              <code>{secret.name}</code>
            </td>
            <td data-label="Set">{formatDateTime(secret.set_at)}</td>
            <td data-label="By">{secret.set_by ?? <span className="faint">an operator</span>}</td>
            <td data-label="Used by">{secret.crews.join(", ") || <span className="faint">none</span>}</td>
            {removable && (
              <td>
                <RemoveButton label={`Remove ${secret.name}`} onClick={() => setLeaving(secret)} />
              </td>
            )}
          </tr>
        ))}
      </SettingsTable>
      {remove.error && <Trouble error={remove.error} />}
      <ConfirmRemoval
        title={leaving && `Remove ${leaving.name}?`}
        onClose={() => setLeaving(null)}
        onRemove={() => {
          if (leaving) remove.mutate(leaving.name);
        }}
      >
        <p>
          {leaving?.crews.length
            ? `The crews ${leaving.crews.join(", ")} use it, and are refused from then on.`
            : "No stored crew uses it. Crews that name it are refused from then on."}
        </p>
      </ConfirmRemoval>
    </>
  );
}

function SetSecret() {
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const set = useSetSecret();
  const sound = /^[A-Z][A-Z0-9_]{0,99}$/.test(name);
  const submit = () => {
    set.mutate(
      { name, value },
      {
        onSuccess: () => {
          setName("");
          setValue("");
        },
      },
    );
  };
  return (
    <SettingsForm title="Set a secret" onSubmit={submit}>
      <Field
        label="Name"
        {...(name !== "" &&
          !sound && { error: "Capital letters, digits and underscores, with a letter at the beginning." })}
      >
        <input value={name} maxLength={100} spellCheck={false} onChange={(event) => setName(event.target.value)} />
      </Field>
      <Field label="Value" hint="It is not shown again. Setting an existing name replaces its value.">
        <input
          type="password"
          autoComplete="off"
          value={value}
          maxLength={4096}
          onChange={(event) => setValue(event.target.value)}
        />
      </Field>
      <Button type="submit" busy={set.isPending} disabled={!sound || value === ""}>
        Set
      </Button>
      <p role="status">{set.data && `${set.data.name} is set.`}</p>
      {set.error && <Trouble error={set.error} />}
    </SettingsForm>
  );
}
