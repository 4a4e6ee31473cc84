import "./sources.css";
import { FileUp, FolderUp, Play } from "lucide-react";
import { useRef } from "react";
import { examples } from "virtual:examples";
import { Button } from "@/ui/kit";
import { useApi } from "@/api/queries";
import { readFiles } from "./drop";
import { ENDINGS } from "./kinds";
import { type CrewFile, readProject } from "./projects";
import { StoredCrews } from "./StoredCrews";

interface Props {
  onRead: (reading: Promise<CrewFile>) => void;
  /** Reads them and runs what they make, at once. */
  onRun: (reading: Promise<CrewFile>) => void;
  onBlank: () => void;
  chosen: string;
  /** Something is being started. */
  busy: boolean;
}

/** Where a crew can come from: examples, crews the group keeps, files. */
export function Sources({ onRead, onRun, onBlank, chosen, busy }: Props) {
  const { api } = useApi();
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const picked = (input: HTMLInputElement): void => {
    if (input.files?.length) onRead(readProject(api, readFiles([...input.files])));
    input.value = "";
  };
  return (
    <div className="sources">
      <div className="source-cards" role="group" aria-label="Start from an example">
        {examples.map((example) => (
          <div key={example.name} className="source" data-chosen={chosen === example.name}>
            <button
              type="button"
              className="source-choice"
              aria-pressed={chosen === example.name}
              onClick={() => onRead(readProject(api, example))}
            >
              <strong>{example.name}</strong>
              <span className="faint">{example.summary.replaceAll("`", "")}</span>
            </button>
            <Button
              look="quiet"
              className="source-run"
              disabled={busy}
              aria-label={`Run ${example.name}`}
              onClick={() => onRun(readProject(api, example))}
            >
              <Play size={13} aria-hidden />
              Run
            </Button>
          </div>
        ))}
      </div>
      <StoredCrews onRead={onRead} />
      <p className="source-own">
        <span className="faint">Or bring your own: write below, drop files or a CrewAI project folder here, or</span>
        <Button onClick={() => file.current?.click()}>
          <FileUp size={14} aria-hidden />
          Open files
        </Button>
        <Button onClick={() => folder.current?.click()}>
          <FolderUp size={14} aria-hidden />
          Open a folder
        </Button>
        <Button look="quiet" onClick={onBlank}>
          Start blank
        </Button>
      </p>
      <input
        ref={file}
        type="file"
        multiple
        hidden
        aria-label="Files of a crew"
        accept={ENDINGS}
        onChange={(event) => picked(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder of a crew"
        {...{ webkitdirectory: "" }}
        onChange={(event) => picked(event.currentTarget)}
      />
    </div>
  );
}
