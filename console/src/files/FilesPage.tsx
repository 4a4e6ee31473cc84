import "./files.css";
import { Download } from "lucide-react";
import { useState } from "react";
import type { GroupFile } from "@/api/types";
import { useMayWrite } from "@/app/context";
import { downloadFrom } from "@/lib/files";
import { formatBytes, formatDateTime } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Button, Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import { ConfirmRemoval, RemoveButton } from "@/ui/Removal";
import { Columns, SettingsTable } from "@/ui/Settings";
import { DropZone } from "./DropZone";
import { FilePreview } from "./FilePreview";
import { useAddress, useFiles, useRemoveFile } from "./files";

/** What crews read and know of the group's documents. */
export function FilesPage() {
  useTitle("Files");
  const mayWrite = useMayWrite();
  const files = useFiles();
  return (
    <main className="page">
      <div className="page-head">
        <h1>Files</h1>
        <p className="faint">Documents that crews of the group may name: to read them, and to know what they say.</p>
      </div>
      {mayWrite && <DropZone />}
      {files.isPending && <Loading />}
      {files.error && <Trouble error={files.error} retry={() => void files.refetch()} />}
      {files.data?.length === 0 && (
        <Empty title="The group has no files">
          {mayWrite ? "Drop some above, or use stepcrew files put FILE." : "A member of the group can upload some."}
        </Empty>
      )}
      {files.data && <List files={files.data} />}
    </main>
  );
}

function chunksOf(number: number): string {
  return number === 1 ? "1 chunk" : `${number} chunks`;
}

function State({ file }: { file: GroupFile }) {
  if (file.state === "reading") return <>Being read…{file.reason && ` ${file.reason}`}</>;
  if (file.state === "failed") return <span className="file-failed">Failed: {file.reason}</span>;
  return <>Ready{file.chunks > 0 && `, ${chunksOf(file.chunks)}`}</>;
}

function List({ files }: { files: GroupFile[] }) {
  const mayWrite = useMayWrite();
  const [shown, setShown] = useState<GroupFile | null>(null);
  const [leaving, setLeaving] = useState<GroupFile | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const remove = useRemoveFile();
  const address = useAddress();
  const trouble = error ?? remove.error;
  const save = async ({ name }: GroupFile): Promise<void> => {
    try {
      setError(null);
      downloadFrom((await address(name)).url, name);
    } catch (caught) {
      setError(caught as Error);
    }
  };
  return (
    <>
      {files.length > 0 && (
        <SettingsTable
          label="Files"
          head={<Columns titles={["Name", "Size", "Kind", "State", "Uploaded"]} actions="Actions" />}
        >
          {files.map((file) => (
            <tr key={file.name}>
              <td>
                <Button look="quiet" className="row-name" onClick={() => setShown(file)}>
                  {file.name}
                </Button>
              </td>
              <td data-label="Size" className="file-size">
                {formatBytes(file.bytes)}
              </td>
              <td data-label="Kind">{file.media_type}</td>
              <td data-label="State">
                <State file={file} />
              </td>
              <td data-label="Uploaded">
                {formatDateTime(file.uploaded_at)}
                {file.uploaded_by && <span className="faint"> by {file.uploaded_by}</span>}
              </td>
              <td className="row-actions">
                <IconButton label={`Download ${file.name}`} onClick={() => void save(file)}>
                  <Download size={15} aria-hidden />
                </IconButton>
                {mayWrite && <RemoveButton label={`Remove ${file.name}`} onClick={() => setLeaving(file)} />}
              </td>
            </tr>
          ))}
        </SettingsTable>
      )}
      <p role="status">
        {remove.data &&
          `Removed ${remove.data.name}: ${formatBytes(remove.data.bytes)} and ${chunksOf(remove.data.chunks)}.`}
      </p>
      {trouble && <Trouble error={trouble} />}
      <Modal title={shown?.name ?? ""} open={shown !== null} onClose={() => setShown(null)}>
        {shown && <FilePreview key={shown.sha256} file={shown} />}
      </Modal>
      <ConfirmRemoval
        title={leaving && `Remove ${leaving.name}?`}
        onClose={() => setLeaving(null)}
        onRemove={() => {
          if (leaving) remove.mutate(leaving.name);
        }}
      >
        <p>Crews that name it find it no more. What agents know of it goes too.</p>
      </ConfirmRemoval>
    </>
  );
}
