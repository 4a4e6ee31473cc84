import "./webhooks.css";
import { Send } from "lucide-react";
import { useState } from "react";
import type { Webhook } from "@/api/types";
import { useIsAdmin, useMayWrite } from "@/app/context";
import { useTitle } from "@/lib/hooks";
import { Button, Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { ConfirmRemoval, RemoveButton } from "@/ui/Removal";
import { Columns, SettingsTable } from "@/ui/Settings";
import { DecisionLinks } from "./DecisionLinks";
import { Deliveries } from "./Deliveries";
import { WebhookForm } from "./WebhookForm";
import { useRemoveWebhook, useTestWebhook, useWebhooks } from "./webhooks";

/** Servers and people that hear when crews wait for a person or end, and what became of each delivery. */
export function WebhooksPage() {
  useTitle("Webhooks");
  const mayRead = useMayWrite();
  const isAdmin = useIsAdmin();
  const webhooks = useWebhooks(mayRead);
  const [chosen, setChosen] = useState("");
  const shown = chosen || (webhooks.data?.[0]?.name ?? "");
  return (
    <main className="page">
      <div className="page-head">
        <h1>Webhooks</h1>
        <p className="faint">
          Servers and people that hear when executions wait for a person or end, and when batches end.
        </p>
      </div>
      {!mayRead && <Empty title="Webhooks are shown to members of the group">Their addresses may be secret.</Empty>}
      {isAdmin && <WebhookForm />}
      {mayRead && webhooks.isPending && <Loading />}
      {webhooks.error && <Trouble error={webhooks.error} retry={() => void webhooks.refetch()} />}
      {webhooks.data?.length === 0 && (
        <Empty title="The group has no webhooks">
          {isAdmin ? "Set one above, or with stepcrew webhooks set NAME FILE." : "An admin of the group can set them."}
        </Empty>
      )}
      {webhooks.data && webhooks.data.length > 0 && (
        <>
          <List webhooks={webhooks.data} onShow={setChosen} />
          <section className="deliveries" aria-label="Deliveries">
            <h2>Deliveries of {shown}</h2>
            <Deliveries key={shown} name={shown} />
          </section>
        </>
      )}
      {mayRead && <DecisionLinks />}
    </main>
  );
}

function stateOf(webhook: Webhook): string {
  if (webhook.enabled) return "On";
  return webhook.off_reason ? `Off: ${webhook.off_reason}` : "Off";
}

function crewsOf({ crews }: Webhook): string {
  if (!crews) return "every crew";
  return crews.length ? crews.join(", ") : "those that name it";
}

function List({ webhooks, onShow }: { webhooks: Webhook[]; onShow: (name: string) => void }) {
  const isAdmin = useIsAdmin();
  const [leaving, setLeaving] = useState<Webhook | null>(null);
  const remove = useRemoveWebhook();
  const test = useTestWebhook();
  return (
    <>
      <SettingsTable
        label="Webhooks"
        head={
          <Columns titles={["Name", "Address", "Events", "Crews", "Secret", "State"]} actions={isAdmin && "Actions"} />
        }
      >
        {webhooks.map((webhook) => (
          <tr key={webhook.name}>
            <td>
              <Button look="quiet" className="row-name" onClick={() => onShow(webhook.name)}>
                {webhook.name}
              </Button>
            </td>
            <td data-label="Address">{webhook.url ?? webhook.to.join(", ")}</td>
            <td data-label="Events">{webhook.events.join(", ")}</td>
            <td data-label="Crews">{crewsOf(webhook)}</td>
            <td data-label="Secret">{webhook.secret ?? <span className="faint">not signed</span>}</td>
            <td data-label="State">
              {stateOf(webhook)}
              {webhook.decision_links && <div className="faint">Carries links that decide</div>}
            </td>
            {isAdmin && (
              <td className="row-actions">
                <IconButton
                  label={`Send a sample to ${webhook.name}`}
                  disabled={test.isPending}
                  onClick={() => {
                    test.mutate(webhook.name);
                    onShow(webhook.name);
                  }}
                >
                  <Send size={15} aria-hidden />
                </IconButton>
                <RemoveButton label={`Remove ${webhook.name}`} onClick={() => setLeaving(webhook)} />
              </td>
            )}
          </tr>
        ))}
      </SettingsTable>
      {test.error && <Trouble error={test.error} />}
      {remove.error && <Trouble error={remove.error} />}
      <ConfirmRemoval
        title={leaving && `Remove ${leaving.name}?`}
        onClose={() => setLeaving(null)}
        onRemove={() => {
          if (leaving) remove.mutate(leaving.name);
          onShow("");
        }}
      >
        <p>The log of its deliveries is removed with it. What is on its way is not delivered.</p>
      </ConfirmRemoval>
    </>
  );
}
