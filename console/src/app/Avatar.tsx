/** A person's first letter, in a colour that stays theirs. */
export function Avatar({ name }: { name: string }) {
  return (
    <span className={`avatar avatar-${(name.toLowerCase().codePointAt(0) ?? 0) % 4}`} aria-hidden>
      {name.charAt(0).toUpperCase()}
    </span>
  );
}
