import "./triggers.css";
import { FlaskConical, Pause, Play } from "lucide-react";
import { useState } from "react";
import type { Trigger } from "@/api/types";
import { useIsAdmin, useMayWrite } from "@/app/context";
import { formatDateTime } from "@/lib/format";
import { useTitle } from "@/lib/hooks";
import { Copy } from "@/ui/Copy";
import { Button, Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { ConfirmRemoval, RemoveButton } from "@/ui/Removal";
import { Columns, SettingsTable } from "@/ui/Settings";
import { Modal } from "@/ui/Modal";
import { Firings } from "./Firings";
import { TestTrigger } from "./TestTrigger";
import { TriggerForm } from "./TriggerForm";
import { REQUESTS, useRemoveTrigger, useSwitchTrigger, useTriggers } from "./triggers";

/** What starts crews without a person, and what each cause did. */
export function TriggersPage() {
  useTitle("Triggers");
  const triggers = useTriggers();
  const isAdmin = useIsAdmin();
  const [shown, setShown] = useState(REQUESTS);
  return (
    <main className="page">
      <div className="page-head">
        <h1>Triggers</h1>
        <p className="faint">Uploads, events, schedules and signed requests that start stored crews.</p>
      </div>
      {isAdmin && <TriggerForm />}
      {triggers.isPending && <Loading />}
      {triggers.error && <Trouble error={triggers.error} retry={() => void triggers.refetch()} />}
      {triggers.data?.length === 0 && (
        <Empty title="The group has no triggers">
          {isAdmin ? "Set one above, or with stepcrew triggers set NAME FILE." : "An admin of the group can set them."}
        </Empty>
      )}
      {triggers.data && triggers.data.length > 0 && <List triggers={triggers.data} onShow={setShown} />}
      <section className="firings" aria-label="Firings">
        <div className="page-head">
          <h2>Last firings</h2>
          <label>
            of{" "}
            <select value={shown} onChange={(event) => setShown(event.target.value)}>
              <option value={REQUESTS}>uploaded requests</option>
              {triggers.data?.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </div>
        <Firings key={shown} name={shown} />
      </section>
    </main>
  );
}

function kindOf(trigger: Trigger): string {
  if (trigger.object) return `objects ${trigger.object.prefix}…${trigger.object.suffix}`;
  if (trigger.event) return `events of ${trigger.event.bus ?? "the product's bus"}`;
  if (trigger.schedule) return `${trigger.schedule.expression} in ${trigger.schedule.time_zone}`;
  return `requests signed as ${trigger.hook?.signature ?? ""}`;
}

function List({ triggers, onShow }: { triggers: Trigger[]; onShow: (name: string) => void }) {
  const isAdmin = useIsAdmin();
  const mayTest = useMayWrite();
  const [leaving, setLeaving] = useState<Trigger | null>(null);
  const [tested, setTested] = useState<Trigger | null>(null);
  const remove = useRemoveTrigger();
  const turn = useSwitchTrigger();
  return (
    <>
      <SettingsTable
        label="Triggers"
        head={<Columns titles={["Name", "Started by", "Crew", "State", "Changed", "By"]} actions="Actions" />}
      >
        {triggers.map((trigger) => (
          <tr key={trigger.name}>
            <td>
              <Button look="quiet" className="row-name" onClick={() => onShow(trigger.name)}>
                {trigger.name}
              </Button>
            </td>
            <td data-label="Started by">
              {kindOf(trigger)}
              {trigger.hook_path && <Copy label="Copy the address" text={() => addressOf(trigger)} link />}
            </td>
            <td data-label="Crew">{trigger.crew}</td>
            <td data-label="State">{trigger.enabled ? "On" : "Paused"}</td>
            <td data-label="Changed">{formatDateTime(trigger.updated_at)}</td>
            <td data-label="By">{trigger.made_by ?? ""}</td>
            <td className="row-actions">
              {mayTest && (
                <IconButton label={`Test ${trigger.name}`} onClick={() => setTested(trigger)}>
                  <FlaskConical size={15} aria-hidden />
                </IconButton>
              )}
              {isAdmin && (
                <IconButton
                  label={`${trigger.enabled ? "Pause" : "Resume"} ${trigger.name}`}
                  disabled={turn.isPending}
                  onClick={() => turn.mutate({ name: trigger.name, enabled: !trigger.enabled })}
                >
                  {trigger.enabled ? <Pause size={15} aria-hidden /> : <Play size={15} aria-hidden />}
                </IconButton>
              )}
              {isAdmin && <RemoveButton label={`Remove ${trigger.name}`} onClick={() => setLeaving(trigger)} />}
            </td>
          </tr>
        ))}
      </SettingsTable>
      {turn.error && <Trouble error={turn.error} />}
      {remove.error && <Trouble error={remove.error} />}
      <Modal title={`Test ${tested?.name ?? ""}`} open={tested !== null} onClose={() => setTested(null)}>
        {tested && <TestTrigger trigger={tested} />}
      </Modal>
      <ConfirmRemoval
        title={leaving && `Remove ${leaving.name}?`}
        onClose={() => setLeaving(null)}
        onRemove={() => {
          if (leaving) {
            remove.mutate(leaving.name);
            onShow(REQUESTS);
          }
        }}
      >
        <p>Its firings are removed with it. Executions it has started stay.</p>
      </ConfirmRemoval>
    </>
  );
}

const addressOf = (trigger: Trigger): string => new URL(trigger.hook_path ?? "", window.location.origin).href;
