import "./options.css";
import type { ReactNode } from "react";
import { useHealth } from "@/api/queries";
import { useIdentity } from "@/app/context";
import { useFiles } from "@/files/files";
import { Field } from "@/ui/kit";
import { InputField } from "./InputField";
import {
  type Composition,
  type Draft,
  LIMIT_NAMES,
  type LimitName,
  type Options,
  type PlacedFault,
  textOfInput,
} from "./request";

interface Props {
  composition: Composition;
  draft: Draft;
  faults: PlacedFault[];
  /** Names of inputs that have no value yet. */
  missing: string[];
  onChange: (next: Composition) => void;
  children: ReactNode;
}

const LIMITS: Record<LimitName, { label: string; placeholder: string }> = {
  timeout_seconds: { label: "Time, seconds", placeholder: "3600" },
  max_tokens: { label: "Tokens", placeholder: "no limit" },
  max_cost_usd: { label: "Cost, US dollars", placeholder: "no limit" },
  max_model_calls: { label: "Model calls", placeholder: "no limit" },
};

/** Where the field of an input is found on the page. */
export const idOfInput = (name: string): string => `input-${name}`;

export function OptionsForm({ composition, draft, faults, missing, onChange, children }: Props) {
  const { crew, options } = composition;
  const health = useHealth();
  const files = useFiles();
  const { limits } = useIdentity();
  const set = (changed: Partial<Options>): void => onChange({ crew, options: { ...options, ...changed } });
  const names = [...new Set([...draft.placeholders, ...Object.keys(draft.defaults)])];
  const models = (health.data?.allowed_models ?? []).filter((model) => !/[*?[]/.test(model));
  const inputFault = (name: string): string => faults.find((fault) => fault.input === name)?.text ?? "";
  return (
    <form className="options" onSubmit={(event) => event.preventDefault()}>
      <fieldset>
        <legend>Inputs</legend>
        {names.length === 0 && (
          <p className="faint">This crew asks for none. Write {"{topic}"} in a task, and it will.</p>
        )}
        {names.map((name) => (
          <InputField
            key={name}
            name={name}
            id={idOfInput(name)}
            text={options.inputs[name] ?? textOfInput(draft.defaults[name])}
            files={files.data}
            error={inputFault(name)}
            missing={missing.includes(name)}
            hint={missing.includes(name) && "Needs a value."}
            onChange={(text) => set({ inputs: { ...options.inputs, [name]: text } })}
          />
        ))}
      </fieldset>
      <fieldset>
        <legend>How to run</legend>
        <Field label="Name">
          <input
            value={options.name}
            dir="auto"
            placeholder={crewName(draft) || crew.name || "crew"}
            maxLength={200}
            onChange={(event) => set({ name: event.target.value })}
          />
        </Field>
        <Field label="Model" hint="Of every agent that names none.">
          <input
            value={options.model}
            placeholder={health.data?.default_model ?? "provider/model"}
            list="models"
            spellCheck={false}
            onChange={(event) => set({ model: event.target.value })}
          />
          <datalist id="models">
            {models.map((model) => (
              <option key={model} value={model} />
            ))}
          </datalist>
        </Field>
      </fieldset>
      <fieldset className="limit-fields">
        <legend>Limits</legend>
        {!limits && (
          <p className="field-error" role="alert">
            What the operator set for the group cannot be read: until it is corrected, nothing is started.
          </p>
        )}
        {LIMIT_NAMES.map((name) => (
          <Field key={name} label={LIMITS[name].label} hint={ceilingHint(limits?.ceilings[name])}>
            <input
              type="number"
              min={name === "max_cost_usd" ? 0 : 1}
              step={name === "max_cost_usd" ? "any" : 1}
              value={options.limits[name]}
              placeholder={limits?.defaults[name]?.toLocaleString("en") ?? LIMITS[name].placeholder}
              max={limits?.ceilings[name] ?? undefined}
              onChange={(event) => set({ limits: { ...options.limits, [name]: event.target.value } })}
            />
          </Field>
        ))}
      </fieldset>
      {children}
    </form>
  );
}

function crewName(draft: Draft): string {
  const name = draft.request?.config["name"];
  return typeof name === "string" ? name : "";
}

function ceilingHint(most: number | null | undefined): string | undefined {
  return typeof most === "number" ? `At most ${most.toLocaleString("en")} in this group.` : undefined;
}
