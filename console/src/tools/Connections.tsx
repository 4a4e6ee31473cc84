import { useState } from "react";
import type { ConnectionSpec } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { Button, Field, Loading, Trouble } from "@/ui/kit";
import { RemoveButton } from "@/ui/Removal";
import { Columns, SettingsForm, SettingsTable } from "@/ui/Settings";
import { useConnections, useRemoveConnection, useSetConnection } from "./tools";

/** Addresses that serve models; crews name them as `name/model`. */
export function Connections() {
  const connections = useConnections();
  const isAdmin = useIsAdmin();
  const remove = useRemoveConnection();
  return (
    <section aria-label="Model connections">
      <div className="page-head">
        <h2>Model connections</h2>
        {connections.data && connections.data.operators.length > 0 && (
          <p className="faint">The operator's: {connections.data.operators.join(", ")}.</p>
        )}
      </div>
      {isAdmin && <SetConnection />}
      {connections.isPending && <Loading />}
      {connections.error && <Trouble error={connections.error} retry={() => void connections.refetch()} />}
      {connections.data && connections.data.connections.length > 0 && (
        <SettingsTable
          label="Connections"
          head={<Columns titles={["Name", "Address", "Protocol", "Key", "Fallbacks"]} actions="Remove" />}
        >
          {connections.data.connections.map((one) => (
            <tr key={one.name}>
              <td>
                <code>{one.name}</code>
              </td>
              <td data-label="Address">{one.base_url}</td>
              <td data-label="Protocol">{one.provider}</td>
              <td data-label="Key">{one.secret ?? <span className="faint">none</span>}</td>
              <td data-label="Fallbacks">{one.fallbacks.join(", ")}</td>
              <td className="row-actions">
                {isAdmin && <RemoveButton label={`Remove ${one.name}`} onClick={() => remove.mutate(one.name)} />}
              </td>
            </tr>
          ))}
        </SettingsTable>
      )}
      {remove.error && <Trouble error={remove.error} />}
    </section>
  );
}

const NOTHING = { name: "", base_url: "", provider: "openai" as ConnectionSpec["provider"], secret: "", fallbacks: "" };

function SetConnection() {
  const [typed, setTyped] = useState(NOTHING);
  const set = useSetConnection();
  const submit = () => {
    const { name, base_url, provider, secret, fallbacks } = typed;
    const names = fallbacks.split(",").map((each) => each.trim());
    const spec = { base_url, provider, secret: secret || null, fallbacks: names.filter(Boolean) };
    set.mutate({ name, spec }, { onSuccess: () => setTyped(NOTHING) });
  };
  return (
    <SettingsForm title="Set a connection" onSubmit={submit}>
      <Field label="Name" hint="Stands in front of its models.">
        <input value={typed.name} spellCheck={false} onChange={(e) => setTyped({ ...typed, name: e.target.value })} />
      </Field>
      <Field label="Address" hint="What stands before /chat/completions or /v1/messages.">
        <input
          value={typed.base_url}
          spellCheck={false}
          placeholder="https://openrouter.ai/api/v1"
          onChange={(e) => setTyped({ ...typed, base_url: e.target.value })}
        />
      </Field>
      <Field label="Protocol">
        <select
          value={typed.provider}
          onChange={(e) => setTyped({ ...typed, provider: e.target.value as typeof typed.provider })}
        >
          <option value="openai">OpenAI's</option>
          <option value="anthropic">Anthropic's</option>
        </select>
      </Field>
      <Field label="Secret with its key" hint="Its name; empty where none is asked for.">
        <input
          value={typed.secret}
          spellCheck={false}
          onChange={(e) => setTyped({ ...typed, secret: e.target.value })}
        />
      </Field>
      <Field label="Fallbacks" hint="Models that are asked in its place, with commas between.">
        <input
          value={typed.fallbacks}
          spellCheck={false}
          onChange={(e) => setTyped({ ...typed, fallbacks: e.target.value })}
        />
      </Field>
      <Button type="submit" busy={set.isPending} disabled={!typed.name || !typed.base_url}>
        Set
      </Button>
      <p role="status">{set.data && `${set.data.name} is set.`}</p>
      {set.error && <Trouble error={set.error} />}
    </SettingsForm>
  );
}
