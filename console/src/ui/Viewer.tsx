import "./viewer.css";
import { Download } from "lucide-react";
import { Suspense, lazy, useMemo, useState } from "react";
import type { BodyReference, Json } from "@/api/types";
import { download } from "@/lib/files";
import { formatBytes } from "@/lib/format";
import { asJson, harmless } from "@/lib/text";
import { Copy } from "./Copy";
import { Button, IconButton, Trouble } from "./kit";
import { type Body, useBody } from "./useBody";
import { ScrollText } from "./ScrollText";
import { Segments } from "./Segments";

const Markdown = lazy(() => import("./Markdown"));
const JsonTree = lazy(() => import("./JsonTree"));

type Look = "rendered" | "raw" | "json";
const LOOK_NAMES: Record<Look, string> = { rendered: "Rendered", raw: "Raw", json: "JSON" };
/** Markdown of more than this is shown raw: rendering it would hold the page up. Characters. */
const RENDERED_MOST = 150_000;
const RAW_PORTION = 100_000;

interface Props {
  /** For the file's name and the group's label. */
  name: string;
  value: Json | undefined;
  reference?: BodyReference | null | undefined;
  look?: Look;
}

/** A body as rendered markdown, raw text or a JSON tree. */
export function Viewer({ name, value, reference, look }: Props) {
  const body = useBody(value, reference);
  return <BodyViewer name={name} body={body} bytes={reference?.bytes ?? 0} look={look} />;
}

/** The same of a body that is being fetched. */
export function BodyViewer({
  name,
  body,
  bytes,
  look,
}: {
  name: string;
  body: Body;
  bytes: number;
  look?: Look | undefined;
}) {
  const text = useMemo(() => textOf(body.value), [body.value]);
  return (
    <div className="viewer">
      <ViewerBody
        name={name}
        text={text}
        value={body.value}
        look={look}
        fetchAll={async () => textOf(await body.read())}
      />
      {!body.whole && (
        <div className="viewer-more">
          <span className="faint">The beginning of {formatBytes(bytes)}.</span>
          <Button busy={body.loading} onClick={body.fetch}>
            Show everything
          </Button>
        </div>
      )}
      {body.error && <Trouble error={body.error} retry={body.fetch} />}
    </div>
  );
}

interface BodyProps {
  name: string;
  text: string;
  value: Json | undefined;
  look: Look | undefined;
  fetchAll: () => Promise<string>;
}

function ViewerBody({ name, text, value, look, fetchAll }: BodyProps) {
  const json = useMemo(() => (typeof value === "object" && value !== null ? value : asJson(text)), [value, text]);
  const [chosen, setChosen] = useState<Look | null>(null);
  const first: Look[] = json ? ["json"] : text.length <= RENDERED_MOST ? ["rendered"] : [];
  const looks: Look[] = [...first, "raw"];
  const standard: Look = look ?? (json ? "json" : "rendered");
  const shown = [chosen, standard, "raw" as const].find((each) => each && looks.includes(each)) ?? "raw";
  const save = async (): Promise<void> => download(`${name}.${json ? "json" : "md"}`, "text/plain", await fetchAll());
  return (
    <>
      <div className="viewer-bar">
        <Segments
          label="Show as"
          choices={looks.map((each) => [each, LOOK_NAMES[each]])}
          chosen={shown}
          onChoose={setChosen}
        />
        <Copy text={fetchAll} />
        <IconButton label="Download" onClick={() => void save()}>
          <Download size={15} aria-hidden />
        </IconButton>
      </div>
      <Suspense fallback={<Raw text={text} />}>
        {shown === "rendered" && <Markdown text={harmless(text)} />}
        {shown === "json" && json && <JsonTree value={json} />}
        {shown === "raw" && <Raw text={text} />}
      </Suspense>
    </>
  );
}

/** Text as it is, portion by portion: a line of megabytes must not stop the page. */
function Raw({ text }: { text: string }) {
  const [most, setMost] = useState(RAW_PORTION);
  const shown = useMemo(() => harmless(text.slice(0, most)), [text, most]);
  if (text === "") return <p className="faint">Nothing.</p>;
  return (
    <>
      <ScrollText>{shown}</ScrollText>
      {text.length > most && (
        <div className="viewer-more">
          <span className="faint">
            {formatBytes(most)} of {formatBytes(text.length)} shown.
          </span>
          <Button onClick={() => setMost(most + RAW_PORTION * 5)}>Show more</Button>
        </div>
      )}
    </>
  );
}

export function textOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
