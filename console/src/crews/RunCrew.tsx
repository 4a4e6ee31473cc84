import { useState } from "react";
import type { StoredCrewDocument } from "@/api/types";
import { InputField } from "@/compose/InputField";
import { textOfInput, valueOfInput } from "@/compose/request";
import { useSubmit } from "@/compose/useSubmit";
import { useFiles } from "@/files/files";
import { Button, Trouble } from "@/ui/kit";
import { SettingsForm } from "@/ui/Settings";

/** Runs this very version, with a field for each of its inputs. */
export function RunCrew({ crew }: { crew: StoredCrewDocument }) {
  const [typed, setTyped] = useState<Record<string, string>>({});
  const files = useFiles();
  const submit = useSubmit(() => setTyped({}));
  const names = [...new Set([...crew.placeholders, ...Object.keys(crew.inputs)])];
  const run = () => {
    const given = Object.entries(typed).filter(([name, text]) => text !== "" || name in crew.inputs);
    submit.go({
      crew: `${crew.name}@${crew.version}`,
      inputs: Object.fromEntries(given.map(([name, text]) => [name, valueOfInput(text, crew.inputs[name])])),
    });
  };
  return (
    <SettingsForm title={`Run version ${crew.version}`} onSubmit={run}>
      {names.length === 0 && <p className="faint">It asks for no inputs.</p>}
      {names.map((name) => (
        <InputField
          key={name}
          name={name}
          text={typed[name] ?? textOfInput(crew.inputs[name])}
          files={files.data}
          hint={!(name in crew.inputs) && "It has no default."}
          onChange={(text) => setTyped({ ...typed, [name]: text })}
        />
      ))}
      <Button type="submit" look="primary" busy={submit.busy}>
        Run
      </Button>
      {submit.error && <Trouble error={submit.error} />}
    </SettingsForm>
  );
}
