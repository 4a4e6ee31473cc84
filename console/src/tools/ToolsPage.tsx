import type { Tool } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { useTitle } from "@/lib/hooks";
import { useSecrets } from "@/secrets/secrets";
import { Loading, Trouble } from "@/ui/kit";
import { RemoveButton } from "@/ui/Removal";
import { Columns, SettingsTable } from "@/ui/Settings";
import { Connections } from "./Connections";
import { Prices } from "./Prices";
import { useRemoveTool, useTools } from "./tools";

/** What crews may name: tools, with their arguments and secrets; connections to models; and what models cost. */
export function ToolsPage() {
  useTitle("Tools and models");
  const tools = useTools();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Tools and models</h1>
        <p className="faint">What crews of the group may name.</p>
      </div>
      {tools.isPending && <Loading />}
      {tools.error && <Trouble error={tools.error} retry={() => void tools.refetch()} />}
      {tools.data && <List tools={tools.data} />}
      <Connections />
      <Prices />
    </main>
  );
}

function List({ tools }: { tools: Tool[] }) {
  const isAdmin = useIsAdmin();
  const secrets = useSecrets();
  const remove = useRemoveTool();
  const set = new Set(secrets.data?.map(({ name }) => name));
  const own = tools.filter((tool) => tool.of_group);
  return (
    <>
      <SettingsTable
        label="Tools"
        head={<Columns titles={["Tool", "What it does", "Arguments", "Secrets"]} actions="Remove" />}
      >
        {[...own, ...tools.filter((tool) => !tool.of_group)].map((tool) => (
          <tr key={tool.name}>
            <td>
              <code>{tool.name}</code>
              {tool.effects && <span className="faint"> has effects</span>}
            </td>
            <td data-label="Does">{tool.summary}</td>
            <td data-label="Arguments">{argumentsOf(tool).join(", ")}</td>
            <td data-label="Secrets">
              {tool.secrets.map((name) => (
                <div key={name}>
                  <code>{name}</code> <span className="faint">{set.has(name) ? "set" : "not set by the group"}</span>
                </div>
              ))}
            </td>
            <td className="row-actions">
              {isAdmin && tool.of_group && (
                <RemoveButton label={`Remove ${tool.name}`} onClick={() => remove.mutate(tool.name)} />
              )}
            </td>
          </tr>
        ))}
      </SettingsTable>
      {remove.error && <Trouble error={remove.error} />}
    </>
  );
}

/** Their names; those that must be given are marked. */
function argumentsOf(tool: Tool): string[] {
  const { properties, required } = tool.input_schema as { properties?: object; required?: string[] };
  return Object.keys(properties ?? {}).map((name) => (required?.includes(name) ? `${name}*` : name));
}
