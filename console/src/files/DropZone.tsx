import { FileUp } from "lucide-react";
import { useRef, useState } from "react";
import { Button, Trouble } from "@/ui/kit";
import { useUpload } from "./files";

interface Sending {
  name: string;
  part: number;
  error?: Error;
}

/** Where files are dropped, or chosen: one after the other is sent, and each says how far it is. */
export function DropZone() {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<Sending[]>([]);
  const upload = useUpload();
  const tell = (name: string, news: Partial<Sending>) =>
    setSending((all) => all.map((each) => (each.name === name ? { ...each, ...news } : each)));
  const send = async (files: File[]): Promise<void> => {
    setSending(files.map(({ name }) => ({ name, part: 0 })));
    for (const file of files) {
      try {
        await upload.mutateAsync({ file, told: (part) => tell(file.name, { part }) });
        setSending((all) => all.filter((each) => each.name !== file.name));
      } catch (error) {
        tell(file.name, { error: error as Error });
      }
    }
  };
  return (
    <section
      className="drop-zone"
      aria-label="Upload"
      data-dropping={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void send([...event.dataTransfer.files]);
      }}
    >
      <p>
        <span className="faint">Drop files here, or</span>{" "}
        <Button disabled={upload.isPending} onClick={() => input.current?.click()}>
          <FileUp size={14} aria-hidden />
          Choose files
        </Button>
      </p>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files"
        onChange={({ currentTarget: chosen }) => {
          void send([...(chosen.files ?? [])]);
          chosen.value = "";
        }}
      />
      {sending.map(({ name, part, error }) => (
        <div key={name} className="file-sending">
          <span>{name}</span>
          {error ? <Trouble error={error} /> : <progress aria-label={`${name} is sent`} max={1} value={part} />}
        </div>
      ))}
    </section>
  );
}
