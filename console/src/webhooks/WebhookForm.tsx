import { useState } from "react";
import type { Webhook } from "@/api/types";
import { Button, Field, Trouble } from "@/ui/kit";
import { SettingsForm } from "@/ui/Settings";
import { type EventName, EVENTS, useStoreWebhook } from "./webhooks";

interface Draft {
  name: string;
  url: string;
  format: Webhook["format"];
  secret: string;
  events: EventName[];
  crews: string;
  links: boolean;
}

const EMPTY: Draft = {
  name: "",
  url: "",
  format: "standard",
  secret: "",
  events: [...EVENTS],
  crews: "",
  links: false,
};

const names = (text: string) => text.split(",").flatMap((each) => each.trim() || []);

/** Makes a webhook, or replaces the one of the same name. */
export function WebhookForm() {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const store = useStoreWebhook();
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const turn = (event: EventName, wanted: boolean) =>
    set({ events: EVENTS.filter((each) => (each === event ? wanted : draft.events.includes(each))) });
  const isMail = draft.format === "mail";
  const submit = () => {
    const crews = names(draft.crews);
    const where = isMail ? { to: names(draft.url) } : { url: draft.url.trim(), secret: draft.secret.trim() || null };
    const spec = {
      ...where,
      format: draft.format,
      events: draft.events,
      crews: crews.length ? crews : null,
      decision_links: draft.links,
    };
    store.mutate({ name: draft.name.trim(), spec }, { onSuccess: () => setDraft(EMPTY) });
  };
  const lacksSecret = draft.format === "standard" && !draft.secret.trim();
  return (
    <SettingsForm title="Set a webhook" onSubmit={submit}>
      <Field label="Name">
        <input value={draft.name} maxLength={63} spellCheck={false} onChange={(e) => set({ name: e.target.value })} />
      </Field>
      <Field
        label="Address"
        hint={isMail ? "E-mail addresses with commas between them." : "https, on the public internet."}
      >
        <input value={draft.url} spellCheck={false} onChange={(e) => set({ url: e.target.value })} />
      </Field>
      <Field label="Format">
        <select value={draft.format} onChange={(e) => set({ format: e.target.value as Webhook["format"] })}>
          <option value="standard">Standard Webhooks: a signed CloudEvent</option>
          <option value="slack">Slack: a text</option>
          <option value="mail">E-mail</option>
        </select>
      </Field>
      {!isMail && (
        <Field label="Secret" hint="The name of the group's secret it is signed with; it begins with WEBHOOK_.">
          <input value={draft.secret} spellCheck={false} onChange={(e) => set({ secret: e.target.value })} />
        </Field>
      )}
      <Field label="Crews" hint="Names with commas between them; empty is every crew of the group.">
        <input value={draft.crews} spellCheck={false} onChange={(e) => set({ crews: e.target.value })} />
      </Field>
      <div className="webhook-events settings-wide" role="group" aria-label="Hears that executions are">
        {EVENTS.map((event) => (
          <label key={event} className="check">
            <input
              type="checkbox"
              checked={draft.events.includes(event)}
              onChange={(e) => turn(event, e.target.checked)}
            />{" "}
            {event}
          </label>
        ))}
      </div>
      <label className="check settings-wide">
        <input type="checkbox" checked={draft.links} onChange={(e) => set({ links: e.target.checked })} /> carries links
        that decide on approvals, where the group allows them
      </label>
      <Button
        type="submit"
        busy={store.isPending}
        disabled={!draft.name.trim() || !draft.url.trim() || lacksSecret || draft.events.length === 0}
      >
        Set
      </Button>
      <p role="status">{store.data && `${store.data.name} is set.`}</p>
      {store.error && <Trouble error={store.error} />}
    </SettingsForm>
  );
}
