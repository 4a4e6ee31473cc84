import { Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, Field, IconButton } from "./kit";
import { Modal } from "./Modal";

/** In the row of what can be removed. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <IconButton label={label} onClick={onClick}>
      <Trash2 size={15} aria-hidden />
    </IconButton>
  );
}

/** Asks whether something is to be removed; `children` say what goes with it. Without a `title` nothing is asked. What cannot
 * be brought back is asked with `typed`, which has to be written first. */
export function ConfirmRemoval({
  title,
  typed,
  children,
  onClose,
  onRemove,
}: {
  title: string | null | undefined;
  typed?: string | undefined;
  children: ReactNode;
  onClose: () => void;
  onRemove: () => void;
}) {
  const [written, setWritten] = useState("");
  const close = () => {
    setWritten("");
    onClose();
  };
  return (
    <Modal title={title ?? ""} open={Boolean(title)} onClose={close}>
      {children}
      {typed !== undefined && (
        <Field label={`Write ${typed} to confirm`}>
          <input
            value={written}
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setWritten(event.target.value)}
          />
        </Field>
      )}
      <Button
        look="danger"
        disabled={typed !== undefined && written !== typed}
        onClick={() => {
          onRemove();
          close();
        }}
      >
        Remove
      </Button>
    </Modal>
  );
}
