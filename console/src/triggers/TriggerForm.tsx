import { useState } from "react";
import { useStoredCrews } from "@/compose/stored";
import { Button, Field, Trouble } from "@/ui/kit";
import { SettingsForm } from "@/ui/Settings";
import { type Draft, EMPTY, type Kind, specOf } from "./spec";
import { useStoreTrigger } from "./triggers";

const KINDS: Record<Kind, string> = {
  object: "An uploaded object",
  event: "An event of a bus",
  schedule: "A schedule",
  hook: "A signed request",
};

/** Makes a trigger, or replaces the one of the same name. */
export function TriggerForm() {
  const [draft, setDraft] = useState<Draft>(EMPTY);
  const [fault, setFault] = useState("");
  const store = useStoreTrigger();
  const crews = useStoredCrews();
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const submit = () => {
    try {
      setFault("");
      store.mutate({ name: draft.name.trim(), spec: specOf(draft) }, { onSuccess: () => setDraft(EMPTY) });
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <SettingsForm title="Set a trigger" onSubmit={submit}>
      <Field label="Name">
        <input value={draft.name} maxLength={63} spellCheck={false} onChange={(e) => set({ name: e.target.value })} />
      </Field>
      <Field label="Crew" hint="Stored under this name; NAME@VERSION holds to one version.">
        <input
          value={draft.crew}
          list="stored-crews"
          spellCheck={false}
          onChange={(e) => set({ crew: e.target.value })}
        />
      </Field>
      <datalist id="stored-crews">
        {crews.data?.crews.map((crew) => (
          <option key={crew.name} value={crew.name} />
        ))}
      </datalist>
      <Field label="Started by">
        <select value={draft.kind} onChange={(e) => set({ kind: e.target.value as Kind })}>
          {Object.entries(KINDS).map(([kind, label]) => (
            <option key={kind} value={kind}>
              {label}
            </option>
          ))}
        </select>
      </Field>
      <Rule draft={draft} set={set} />
      <Field label="Inputs" hint={'JSON, with ${path} where a value of the cause goes: {"topic": "${text}"}'}>
        <textarea rows={3} value={draft.inputs} spellCheck={false} onChange={(e) => set({ inputs: e.target.value })} />
      </Field>
      <Button type="submit" busy={store.isPending} disabled={!draft.name.trim() || !draft.crew.trim()}>
        Set
      </Button>
      <p role="status">{store.data && `${store.data.name} is set.`}</p>
      {fault && <p className="field-error">{fault}</p>}
      {store.error && <Trouble error={store.error} />}
    </SettingsForm>
  );
}

function Rule({ draft, set }: { draft: Draft; set: (change: Partial<Draft>) => void }) {
  switch (draft.kind) {
    case "object":
      return (
        <>
          <Field label="Key begins with" hint="Below the group's folder of the inbox.">
            <input value={draft.prefix} spellCheck={false} onChange={(e) => set({ prefix: e.target.value })} />
          </Field>
          <Field label="Key ends with">
            <input value={draft.suffix} spellCheck={false} onChange={(e) => set({ suffix: e.target.value })} />
          </Field>
          <Field label="Contents">
            <select value={draft.contents} onChange={(e) => set({ contents: e.target.value })}>
              <option value="none">Not read</option>
              <option value="text">As text: {"${text}"}</option>
              <option value="json">As JSON: {"${json.path}"}</option>
              <option value="file">As a file of the group: {"${file}"}</option>
              <option value="rows">CSV or JSON Lines, one execution a row: {"${row.name}"}</option>
            </select>
          </Field>
        </>
      );
    case "event":
      return (
        <>
          <Field label="Pattern" hint="An EventBridge pattern. Inputs read the event: ${detail.order}">
            <textarea
              rows={3}
              value={draft.pattern}
              spellCheck={false}
              onChange={(e) => set({ pattern: e.target.value })}
            />
          </Field>
          <Field label="Bus" hint="Empty is the product's own; others are opened to groups by the operator.">
            <input value={draft.bus} spellCheck={false} onChange={(e) => set({ bus: e.target.value })} />
          </Field>
        </>
      );
    case "schedule":
      return (
        <>
          <Field label="Schedule" hint="rate(5 minutes), cron(0 9 ? * MON-FRI *) or at(2027-01-31T09:00:00)">
            <input value={draft.expression} spellCheck={false} onChange={(e) => set({ expression: e.target.value })} />
          </Field>
          <Field label="Time zone" hint="Its daylight saving counts.">
            <input value={draft.timeZone} spellCheck={false} onChange={(e) => set({ timeZone: e.target.value })} />
          </Field>
        </>
      );
    case "hook":
      return (
        <>
          <Field label="Signed as">
            <select value={draft.signature} onChange={(e) => set({ signature: e.target.value })}>
              <option value="standard">Standard Webhooks</option>
              <option value="github">GitHub</option>
              <option value="stripe">Stripe</option>
              <option value="slack">Slack</option>
              <option value="hmac">HMAC-SHA256 in a header</option>
            </select>
          </Field>
          {draft.signature === "hmac" && (
            <Field label="Header">
              <input value={draft.header} spellCheck={false} onChange={(e) => set({ header: e.target.value })} />
            </Field>
          )}
          <Field label="Secret" hint="The name of the group's secret it is signed with; it begins with HOOK_.">
            <input value={draft.secret} spellCheck={false} onChange={(e) => set({ secret: e.target.value })} />
          </Field>
        </>
      );
  }
}
