import "./files.css";
import { Download } from "lucide-react";
import { useState } from "react";
import type { Artifact, Execution } from "@/api/types";
import { download } from "@/lib/files";
import { formatBytes } from "@/lib/format";
import { IconButton, Loading, Trouble } from "@/ui/kit";
import { FileText } from "./FileText";
import { useArtifactFile, useArtifacts, useArtifactText } from "./files";

const TEXT = /^text\/|\/(json|jsonl|yaml|xml)$/;

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
      {artifacts.data.map((artifact) => {
        const One = TEXT.test(artifact.media_type) ? Shown : Fetched;
        return <One key={artifact.name} execution={execution} artifact={artifact} />;
      })}
    </section>
  );
}

interface Props {
  execution: Execution;
  artifact: Artifact;
}

function Size({ artifact }: { artifact: Artifact }) {
  return <span className="faint"> {artifact.bytes === null ? "" : formatBytes(artifact.bytes)}</span>;
}

/** What is no text is saved, and shown by whatever the person has for it. */
function Fetched({ execution, artifact }: Props) {
  const file = useArtifactFile(execution);
  const save = (): void =>
    file.mutate(artifact.name, {
      onSuccess: (content) => download(artifact.name.split("/").at(-1) ?? artifact.name, artifact.media_type, content),
    });
  return (
    <div className="card artifact">
      {artifact.name}
      <Size artifact={artifact} />
      <IconButton label={`Download ${artifact.name}`} onClick={save}>
        <Download size={15} aria-hidden />
      </IconButton>
      {file.error && <Trouble error={file.error} />}
    </div>
  );
}

function Shown({ execution, artifact }: Props) {
  const [open, setOpen] = useState(false);
  const text = useArtifactText(execution, artifact.name, open);
  const name = artifact.name.split("/").at(-1) ?? artifact.name;
  return (
    <details className="card artifact" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {artifact.name}
        <Size artifact={artifact} />
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
