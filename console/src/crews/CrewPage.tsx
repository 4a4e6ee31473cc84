import "./crew-page.css";
import { useParams } from "react-router";
import type { Project, StoredCrewDocument } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { CrewGraph } from "@/compose/CrewGraph";
import { formatDateTime } from "@/lib/format";
import { useParam, useTitle } from "@/lib/hooks";
import { useSecrets } from "@/secrets/secrets";
import { type FactRow, Facts } from "@/ui/Facts";
import { Button, Loading, Trouble } from "@/ui/kit";
import { Columns, SettingsTable } from "@/ui/Settings";
import { useAliases, useCrew } from "./crews";
import { RunCrew } from "./RunCrew";

const MOST_VERSIONS = 100;

/** One stored crew: which versions there are, what it is, what it needs, and a form that runs it. */
export function CrewPage() {
  const { name = "" } = useParams();
  const [version, setVersion] = useParam("version");
  const latest = useCrew(name, null);
  const crew = useCrew(name, /^[1-9]\d{0,5}$/.test(version) ? Number(version) : null);
  const writes = useMayWrite();
  useTitle(name);
  if (crew.error) {
    return (
      <main className="page">
        <Trouble error={crew.error} retry={() => void crew.refetch()} />
      </main>
    );
  }
  if (!crew.data || !latest.data) return <Loading label="Reading the crew…" />;
  return (
    <main className="page crew-page">
      <div className="page-head">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <label>
          Version{" "}
          <select value={crew.data.version} onChange={(event) => setVersion(event.target.value)}>
            {versionsOf(latest.data.version, crew.data.version).map((each) => (
              <option key={each} value={each}>
                {each}
                {each === latest.data.version && " (latest)"}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Facts rows={factsOf(crew.data)} />
      {writes && <RunCrew key={`${name}@${crew.data.version}`} crew={crew.data} />}
      <Aliases crew={crew.data} onShow={(each) => setVersion(String(each))} />
      {crew.data.project && <Code project={crew.data.project} />}
      <CrewGraph request={crew.data} />
    </main>
  );
}

function factsOf({ kind, project, updated_at, updated_by }: StoredCrewDocument): FactRow[] {
  return [
    ["Kind", KINDS[kind]],
    ["Entry", project && <code>{project.entry}</code>],
    ["Stored", formatDateTime(updated_at)],
    ["By", updated_by],
    ["Bundle", project && <code>{project.bundle.slice(0, 12)}</code>],
    ["Function", project && <code>{project.function}</code>],
  ];
}

const KINDS: Record<StoredCrewDocument["kind"], string> = {
  definition: "Definition",
  crew: "Project: a crew",
  flow: "Project: a flow",
  script: "Project: a script",
};

/** The newest first; the one that is shown is among them. */
function versionsOf(latest: number, shown: number): number[] {
  const newest = Array.from({ length: Math.min(latest, MOST_VERSIONS) }, (_, index) => latest - index);
  return newest.includes(shown) ? newest : [...newest, shown];
}

function Aliases({ crew, onShow }: { crew: StoredCrewDocument; onShow: (version: number) => void }) {
  const aliases = useAliases(crew.name);
  if (aliases.error) return <Trouble error={aliases.error} retry={() => void aliases.refetch()} />;
  if (!aliases.data?.length) return null;
  return (
    <SettingsTable label="Aliases" head={<Columns titles={["Alias", "Version", "Moved", "By"]} />}>
      {aliases.data.map((one) => (
        <tr key={one.alias}>
          <td>
            <code>
              {crew.name}@{one.alias}
            </code>
          </td>
          <td data-label="Version">
            <Button look="quiet" onClick={() => onShow(one.version)}>
              {one.version}
            </Button>
          </td>
          <td data-label="Moved">{formatDateTime(one.moved_at)}</td>
          <td data-label="By">{one.moved_by ?? ""}</td>
        </tr>
      ))}
    </SettingsTable>
  );
}

/** What a project's own Python brings and needs. */
function Code({ project }: { project: Project }) {
  return (
    <>
      <Environment project={project} />
      {project.tools.length > 0 && (
        <section aria-label="Tools">
          <h2>Tools</h2>
          <Names names={project.tools} />
        </section>
      )}
      {project.files.length > 0 && (
        <section aria-label="Files">
          <h2>Files</h2>
          <Names names={project.files} />
        </section>
      )}
    </>
  );
}

function Environment({ project }: { project: Project }) {
  const secrets = useSecrets();
  if (secrets.error) return <Trouble error={secrets.error} retry={() => void secrets.refetch()} />;
  if (!project.environment.length || !secrets.data) return null;
  const set = new Set(secrets.data.map(({ name }) => name));
  return (
    <SettingsTable
      label="Environment"
      head={<Columns titles={["Name in its environment", "Secret of the group", "Asked for by"]} />}
    >
      {project.environment.map((name) => {
        const who = project.needs[name];
        const state = set.has(name) ? "set" : who ? "missing" : "not set";
        return (
          <tr key={name}>
            <td>
              <code>{name}</code>
            </td>
            <td data-label="Secret">
              <span className="environment-state" data-state={state}>
                {state}
              </span>
              {state === "missing" && <code className="faint"> stepcrew secrets set {name}</code>}
            </td>
            <td data-label="Asked for by">{who ?? <span className="faint">may do without</span>}</td>
          </tr>
        );
      })}
    </SettingsTable>
  );
}

function Names({ names }: { names: string[] }) {
  return (
    <ul className="crew-names">
      {names.map((name) => (
        <li key={name}>
          <code>{name}</code>
        </li>
      ))}
    </ul>
  );
}
