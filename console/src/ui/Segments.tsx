import "./segments.css";

interface Props<Choice extends string> {
  label: string;
  choices: readonly (readonly [Choice, string])[];
  chosen: Choice;
  onChoose: (choice: Choice) => void;
}

/** A few ways to look at the same thing, one of them chosen. */
export function Segments<Choice extends string>({ label, choices, chosen, onChoose }: Props<Choice>) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {choices.map(([choice, name]) => (
        <button key={choice} type="button" aria-pressed={choice === chosen} onClick={() => onChoose(choice)}>
          {name}
        </button>
      ))}
    </div>
  );
}
