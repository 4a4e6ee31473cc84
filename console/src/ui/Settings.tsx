import "./settings.css";
import type { ReactNode, SyntheticEvent } from "react";

/** A form that makes or replaces one thing: its fields side by side where there is room, what it does below them. */
export function SettingsForm({
  title,
  children,
  onSubmit,
}: {
  title: string;
  children: ReactNode;
  onSubmit: () => void;
}) {
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} aria-label={title}>
      <fieldset className="settings-form">
        <legend>{title}</legend>
        {children}
      </fieldset>
    </form>
  );
}

/** The heads of a table's columns. `actions` names a last one, which holds buttons. */
export function Columns({ titles, actions }: { titles: string[]; actions?: string | false }) {
  return (
    <>
      {titles.map((title) => (
        <th key={title}>{title}</th>
      ))}
      {actions && <th aria-label={actions} />}
    </>
  );
}

/** A table of things that were set. Wide ones scroll by themselves, also by keyboard; on a phone each row is a card, whose
 * cells are named by their `data-label`. */
export function SettingsTable({ label, head, children }: { label: string; head: ReactNode; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" tabIndex={0} role="region" aria-label={label}>
      <table className="data-table settings-table">
        <thead>
          <tr>{head}</tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
