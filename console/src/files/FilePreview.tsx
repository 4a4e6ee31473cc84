import { ExternalLink } from "lucide-react";
import { useState } from "react";
import type { GroupFile } from "@/api/types";
import { formatBytes } from "@/lib/format";
import { Button, Loading, Trouble } from "@/ui/kit";
import { FileText } from "./FileText";
import { useAddress, useFileText } from "./files";

const OPENED = /^(application\/pdf$|image\/)/;
/** A file up to this is shown when it is opened; a larger one when somebody asks for it. Bytes. */
const BY_ITSELF = 2_000_000;
/** Of what a file says, text shows it all; of these kinds, the browser shows the one and nobody the others. */
const NOT_TEXT = /^(application\/(pdf|vnd\.)|image\/)/;

export function FilePreview({ file }: { file: GroupFile }) {
  const [asked, setAsked] = useState(file.bytes <= BY_ITSELF);
  const isText = !NOT_TEXT.test(file.media_type);
  const text = useFileText(file, asked && isText);
  if (OPENED.test(file.media_type)) return <Opened file={file} />;
  if (!isText) return <p>Files of this kind are not shown here. Download it to read it.</p>;
  if (!asked) return <Button onClick={() => setAsked(true)}>Show all {formatBytes(file.bytes)}</Button>;
  if (text.error) return <Trouble error={text.error} retry={() => void text.refetch()} />;
  if (text.data === undefined) return <Loading />;
  return <FileText name={file.name} mediaType={file.media_type} text={text.data} />;
}

/** In a window of its own, from the bucket's address: there it can do nothing to this page. */
function Opened({ file }: { file: GroupFile }) {
  const [error, setError] = useState<Error | null>(null);
  const address = useAddress();
  const open = async (): Promise<void> => {
    try {
      window.open((await address(file.name)).view_url ?? "", "_blank", "noopener");
    } catch (caught) {
      setError(caught as Error);
    }
  };
  return (
    <>
      <p>Your browser shows it in a window of its own.</p>
      <Button onClick={() => void open()}>
        <ExternalLink size={14} aria-hidden />
        Open {file.name}
      </Button>
      {error && <Trouble error={error} />}
    </>
  );
}
