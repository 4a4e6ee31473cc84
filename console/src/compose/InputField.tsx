import "./input-field.css";
import type { GroupFile } from "@/api/types";
import { Field } from "@/ui/kit";
import { fileOfInput, textOfFile } from "./request";

interface Props {
  name: string;
  text: string;
  /** Of the group: one of them may be the input, as its text or as a picture. */
  files: GroupFile[] | undefined;
  id?: string;
  error?: string;
  hint?: string | false;
  missing?: boolean;
  onChange: (text: string) => void;
}

/** One input of a crew: what is written, or a file. */
export function InputField({ name, text, files, id, error, hint, missing, onChange }: Props) {
  return (
    <div className="input-field">
      <Field label={name} {...(error && { error })} {...(hint && { hint })}>
        <textarea
          id={id}
          rows={1}
          dir="auto"
          data-missing={missing}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      {files && files.length > 0 && (
        <select
          aria-label={`File for ${name}`}
          value={fileOfInput(text) ?? ""}
          onChange={(event) => onChange(event.target.value && textOfFile(event.target.value))}
        >
          <option value="">No file: what is written above</option>
          {files.map((file) => (
            <option key={file.name}>{file.name}</option>
          ))}
        </select>
      )}
    </div>
  );
}
