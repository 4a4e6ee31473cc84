import { JsonView, collapseAllNested } from "react-json-view-lite";
import "react-json-view-lite/dist/index.css";
import "./json-tree.css";
import { harmless } from "@/lib/text";

const style = {
  container: "json-tree",
  basicChildStyle: "json-child",
  childFieldsContainer: "json-children",
  label: "json-label",
  clickableLabel: "json-label json-clickable",
  nullValue: "json-null",
  undefinedValue: "json-null",
  stringValue: "json-string",
  booleanValue: "json-boolean",
  numberValue: "json-number",
  otherValue: "json-null",
  punctuation: "json-punctuation",
  collapseIcon: "json-toggle json-open",
  expandIcon: "json-toggle",
  collapsedContent: "json-collapsed",
  noQuotesForStringValues: false,
  quotesForFieldNames: false,
  ariaLables: { collapseJson: "Close", expandJson: "Open" },
  stringifyStringValues: false,
};

const LONG = 2_000;

/** A JSON value to open and close. Small ones stand open. */
export default function JsonTree({ value }: { value: object }) {
  const small = JSON.stringify(value).length < 6_000;
  return (
    <JsonView
      data={shortened(value) as object}
      style={style}
      shouldExpandNode={
        small
          ? () => true
          : (level, each) => collapseAllNested(level) || (level < 2 && Object.keys(each as object).length < 30)
      }
      clickToExpandNode
    />
  );
}

/** Very long texts are cut here; they are whole in the raw view. */
function shortened(value: unknown): unknown {
  if (typeof value === "string") {
    const text = harmless(value.length > LONG ? value.slice(0, LONG) : value);
    return value.length > LONG ? `${text}… (${value.length.toLocaleString("en")} characters)` : text;
  }
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shortened(each)]));
  }
  return value;
}
