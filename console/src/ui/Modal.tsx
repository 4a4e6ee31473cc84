import "./modal.css";
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./kit";

interface Props {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  description?: ReactNode;
  /** It must be answered: neither Escape nor a click beside it closes it. */
  insistent?: boolean;
}

/** On its first button, a hint would open, and Escape would close that instead. */
function focusItself(event: Event): void {
  event.preventDefault();
  (event.currentTarget as HTMLElement).focus();
}

export function Modal({ title, open, onClose, children, description, insistent = false }: Props) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && !insistent && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content
          className="modal"
          onOpenAutoFocus={focusItself}
          {...(description ? {} : { "aria-describedby": undefined })}
        >
          <header className="modal-head">
            <Dialog.Title>{title}</Dialog.Title>
            {!insistent && (
              <Dialog.Close asChild>
                <IconButton label="Close">
                  <X size={16} aria-hidden />
                </IconButton>
              </Dialog.Close>
            )}
          </header>
          {description && <Dialog.Description className="modal-text">{description}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
