import { useState } from "react";
import { useIsAdmin } from "@/app/context";
import { formatDateTime } from "@/lib/format";
import { Button, Loading, Trouble } from "@/ui/kit";
import { Modal } from "@/ui/Modal";
import { useDecisionLinks, useRotateLinks, useSetDecisionLinks } from "./webhooks";

/** Whether approvals of the group may be decided by links that webhooks carry, and what those are signed with. */
export function DecisionLinks() {
  const isAdmin = useIsAdmin();
  const links = useDecisionLinks();
  const change = useSetDecisionLinks();
  const rotate = useRotateLinks();
  const [leaving, setLeaving] = useState<"off" | "revoke" | null>(null);
  if (links.isPending) return <Loading />;
  if (links.error) return <Trouble error={links.error} retry={() => void links.refetch()} />;
  const { enabled, days, keys } = links.data;
  const [signing] = keys;
  return (
    <section className="decision-links" aria-label="Decisions by links">
      <h2>Decisions by links</h2>
      <p>
        {enabled
          ? `On. Whoever reads a webhook with links may approve and reject, without signing in, for ${String(days)} days.`
          : "Off. Approvals are decided here, over the API or with the command line only."}
        {signing && <span className="faint"> Signed with a key of {formatDateTime(signing.made_at)}.</span>}
      </p>
      {isAdmin && (
        <p className="decision-actions">
          {enabled ? (
            <>
              <Button onClick={() => setLeaving("off")}>Switch off</Button>
              <Button busy={rotate.isPending} onClick={() => rotate.mutate(false)}>
                Sign with another key
              </Button>
              <Button onClick={() => setLeaving("revoke")}>Revoke what was sent</Button>
            </>
          ) : (
            <Button busy={change.isPending} onClick={() => change.mutate(true)}>
              Switch on
            </Button>
          )}
        </p>
      )}
      {change.error && <Trouble error={change.error} />}
      {rotate.error && <Trouble error={rotate.error} />}
      <Modal title="No link that was sent will be valid" open={leaving !== null} onClose={() => setLeaving(null)}>
        <p>Approvals that wait are then decided in the console, or by links that are sent from now on.</p>
        <Button
          look="danger"
          onClick={() => {
            if (leaving === "off") change.mutate(false);
            else rotate.mutate(true);
            setLeaving(null);
          }}
        >
          {leaving === "off" ? "Switch off" : "Revoke"}
        </Button>
      </Modal>
    </section>
  );
}
