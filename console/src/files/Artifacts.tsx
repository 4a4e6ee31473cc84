import "./files.css";
import { Download } from "lucide-react";
import { useState } from "react";
import type { Artifact, Execution } from "@/api/types";
import { download } from "@/lib/files";
import { formatBytes } from "@/lib/format";
import { IconButton, Loading, Trouble } from "@/ui/kit";
import { FileText } from "./FileText";
import { useArtifacts, useArtifactText } from "./files";

/** The files that an execution hands over, each shown when it is opened. Nothing where there are none. */
export function Artifacts({ execution }: { execution: Execution }) {
  const artifacts = useArtifacts(execution);
  if (artifacts.error) return <Trouble error={artifacts.error} retry={() => void artifacts.refetch()} />;
  if (!artifacts.data?.length) return null;
  return (
    <section aria-labelledby="artifacts">
      <h2 id="artifacts" className="section-title">
        Files
      </h2>
      {artifacts.data.map((artifact) => (
        <One key={artifact.name} execution={execution} artifact={artifact} />
      ))}
    </section>
  );
}

function One({ execution, artifact }: { execution: Execution; artifact: Artifact }) {
  const [open, setOpen] = useState(false);
  const text = useArtifactText(execution, artifact.name, open);
  const name = artifact.name.split("/").at(-1) ?? artifact.name;
  return (
    <details className="card artifact" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {artifact.name}
        <span className="faint"> {artifact.bytes === null ? "" : formatBytes(artifact.bytes)}</span>
      </summary>
      {text.error && <Trouble error={text.error} retry={() => void text.refetch()} />}
      {open && text.isPending && <Loading />}
      {text.data !== undefined && (
        <>
          <IconButton
            label={`Download ${artifact.name}`}
            onClick={() => download(name, artifact.media_type, text.data)}
          >
            <Download size={15} aria-hidden />
          </IconButton>
          <FileText name={name} mediaType={artifact.media_type} text={text.data} />
        </>
      )}
    </details>
  );
}
