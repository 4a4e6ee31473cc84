import { useState } from "react";
import type { Trigger } from "@/api/types";
import { Button, Field, Trouble } from "@/ui/kit";
import { parsed } from "./spec";
import { useTestTrigger } from "./triggers";

/** Shows what a sample would start. Nothing is started. */
export function TestTrigger({ trigger }: { trigger: Trigger }) {
  const [sample, setSample] = useState("{}");
  const [fault, setFault] = useState("");
  const test = useTestTrigger();
  const run = () => {
    try {
      setFault("");
      test.mutate({ name: trigger.name, document: parsed(sample, "The sample") });
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const trial = test.data;
  return (
    <>
      <Field label="Sample" hint='What its inputs read, as JSON: {"text": "rain"}'>
        <textarea rows={5} value={sample} spellCheck={false} onChange={(event) => setSample(event.target.value)} />
      </Field>
      <Button look="primary" busy={test.isPending} onClick={run}>
        Test
      </Button>
      {fault && <p className="field-error">{fault}</p>}
      {test.error && <Trouble error={test.error} />}
      {trial && (
        <div role="status">
          <p>{trial.valid ? `It would run ${trial.crew} with:` : `It would start nothing: ${trial.reason}`}</p>
          {trial.inputs && <pre>{JSON.stringify(trial.inputs, null, 2)}</pre>}
        </div>
      )}
    </>
  );
}
