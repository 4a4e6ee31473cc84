import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button, IconButton } from "./kit";
import { Modal } from "./Modal";

/** In the row of what can be removed. */
export function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <IconButton label={label} onClick={onClick}>
      <Trash2 size={15} aria-hidden />
    </IconButton>
  );
}

/** Asks whether something is to be removed; `children` say what goes with it. Without a `title` nothing is asked. */
export function ConfirmRemoval({
  title,
  children,
  onClose,
  onRemove,
}: {
  title: string | null | undefined;
  children: ReactNode;
  onClose: () => void;
  onRemove: () => void;
}) {
  return (
    <Modal title={title ?? ""} open={Boolean(title)} onClose={onClose}>
      {children}
      <Button
        look="danger"
        onClick={() => {
          onRemove();
          onClose();
        }}
      >
        Remove
      </Button>
    </Modal>
  );
}
