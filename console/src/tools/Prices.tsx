import { useState } from "react";
import type { ModelPrice } from "@/api/types";
import { useIsAdmin } from "@/app/context";
import { Button, Field, Loading, Trouble } from "@/ui/kit";
import { RemoveButton } from "@/ui/Removal";
import { Columns, SettingsForm, SettingsTable } from "@/ui/Settings";
import { usePrices, useSetPrices } from "./tools";

/** What the group pays for models, where that is not the provider's list price. */
export function Prices() {
  const prices = usePrices();
  const isAdmin = useIsAdmin();
  const set = useSetPrices();
  const known = prices.data ?? {};
  const without = (gone: string) => Object.fromEntries(Object.entries(known).filter(([model]) => model !== gone));
  return (
    <section aria-label="Prices of models">
      <div className="page-head">
        <h2>Prices of models</h2>
        <p className="faint">
          The group's own, in US dollars for a million tokens. Other models have their list price.
        </p>
      </div>
      {isAdmin && prices.data && (
        <SetPrice
          busy={set.isPending}
          onSet={(model, price, done) => set.mutate({ ...known, [model]: price }, { onSuccess: done })}
        />
      )}
      {prices.isPending && <Loading />}
      {(prices.error ?? set.error) && <Trouble error={prices.error ?? set.error} />}
      {Object.keys(known).length > 0 && (
        <SettingsTable
          label="Prices"
          head={<Columns titles={["Model", "Input", "Output", "From the cache"]} actions="Remove" />}
        >
          {Object.entries(known).map(([model, price]) => (
            <tr key={model}>
              <td>
                <code>{model}</code>
              </td>
              <td data-label="Input">{price.input_usd}</td>
              <td data-label="Output">{price.output_usd}</td>
              <td data-label="From the cache">{price.cached_usd ?? <span className="faint">as input</span>}</td>
              <td className="row-actions">
                {isAdmin && <RemoveButton label={`Remove ${model}`} onClick={() => set.mutate(without(model))} />}
              </td>
            </tr>
          ))}
        </SettingsTable>
      )}
    </section>
  );
}

interface SetProps {
  busy: boolean;
  onSet: (model: string, price: ModelPrice, done: () => void) => void;
}

const NOTHING = { model: "", input: "", output: "" };

function SetPrice({ busy, onSet }: SetProps) {
  const [typed, setTyped] = useState(NOTHING);
  const { model, input, output } = typed;
  const sound = model.includes("/") && [input, output].every((each) => each !== "" && Number(each) >= 0);
  const submit = () =>
    onSet(model.trim(), { input_usd: input, output_usd: output, cached_usd: null, written_usd: null }, () =>
      setTyped(NOTHING),
    );
  return (
    <SettingsForm title="Set a price" onSubmit={submit}>
      <Field label="Model" hint="As provider/model or connection/model.">
        <input value={model} spellCheck={false} onChange={(e) => setTyped({ ...typed, model: e.target.value })} />
      </Field>
      <Field label="Input">
        <input inputMode="decimal" value={input} onChange={(e) => setTyped({ ...typed, input: e.target.value })} />
      </Field>
      <Field label="Output">
        <input inputMode="decimal" value={output} onChange={(e) => setTyped({ ...typed, output: e.target.value })} />
      </Field>
      <Button type="submit" busy={busy} disabled={!sound}>
        Set
      </Button>
    </SettingsForm>
  );
}
