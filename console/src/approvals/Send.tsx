import { Button } from "@/ui/kit";

interface SendProps {
  label: string;
  busy: boolean;
  disabled?: boolean;
  look?: "primary" | "danger";
  onSend: () => void;
}

export function Send({ label, busy, disabled = false, look = "primary", onSend }: SendProps) {
  return (
    <div>
      <Button data-send look={look} busy={busy} disabled={disabled} onClick={onSend}>
        {label}
      </Button>
    </div>
  );
}
