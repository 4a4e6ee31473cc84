import "./keys-help.css";
import { Modal } from "@/ui/Modal";

const SHORTCUTS: [string[], string][] = [
  [["j", "k"], "Down and up, in lists, the timeline and events"],
  [["Enter"], "Open what is chosen"],
  [["h", "l"], "Close and open a part of the timeline"],
  [["/"], "Search"],
  [["Esc"], "Close the panel, or leave the search"],
  [["1", "…", "7"], "Tabs of an execution"],
  [["Ctrl+Enter"], "Run the crew that is being written, or send a decision"],
  [["a", "c", "r", "x"], "Of a question: approve, change, send back, reject; one more key decides"],
  [["+", "-", "0"], "Less, more and all of the time in the waterfall"],
  [["n"], "Run a crew"],
  [["?"], "This list"],
];

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Modal title="Keyboard shortcuts" open={open} onClose={onClose}>
      <dl className="shortcuts">
        {SHORTCUTS.map(([names, text]) => (
          <div key={text}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
