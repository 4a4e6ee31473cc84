import "./definition-tab.css";
import { Suspense, lazy, useMemo } from "react";
import { Link } from "react-router";
import { stringify } from "yaml";
import { useApi, useDefinition } from "@/api/queries";
import { useMayWrite } from "@/app/context";
import { useParam } from "@/lib/hooks";
import { Copy } from "@/ui/Copy";
import { Loading, Trouble } from "@/ui/kit";
import { ScrollText } from "@/ui/ScrollText";
import { Segments } from "@/ui/Segments";
import { useShown } from "./ExecutionPage";

const FORMS = [
  ["yaml", "YAML"],
  ["json", "JSON"],
] as const;
const CodeEditor = lazy(() => import("@/compose/CodeEditor"));

/** The crew and its inputs as they were accepted. */
export function DefinitionTab() {
  const { execution } = useShown();
  const { group } = useApi();
  const writes = useMayWrite();
  const definition = useDefinition(execution.execution_id);
  const [form, setForm] = useParam("as");
  const text = useMemo(() => {
    if (!definition.data) return "";
    const { config, inputs } = definition.data;
    const whole = { ...config, ...(Object.keys(inputs).length && { inputs }) };
    return form === "json" ? JSON.stringify(whole, null, 2) : stringify(whole, { lineWidth: 110 });
  }, [definition.data, form]);
  if (definition.error) return <Trouble error={definition.error} retry={() => void definition.refetch()} />;
  if (!definition.data) return <Loading label="Reading the definition…" />;
  return (
    <div className="definition">
      <div className="viewer-bar">
        <Segments
          label="Show as"
          choices={FORMS}
          chosen={form === "json" ? "json" : "yaml"}
          onChoose={(each) => setForm(each === "yaml" ? "" : each)}
        />
        <Copy text={() => text} label="Copy the definition" />
        {writes && (
          <Link className="button" to={`/g/${group}/new?from=${execution.execution_id}`}>
            Run it again with changes
          </Link>
        )}
      </div>
      <Suspense fallback={<ScrollText>{text}</ScrollText>}>
        <CodeEditor value={text} label="Definition" language={form === "json" ? "json" : "yaml"} />
      </Suspense>
    </div>
  );
}
