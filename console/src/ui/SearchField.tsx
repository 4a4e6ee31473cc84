import { Search } from "lucide-react";
import type { ComponentProps } from "react";

type Props = ComponentProps<"input"> & { label: string; value: string; onSearch: (text: string) => void };

/** A field that narrows what is shown; Escape leaves it. `children` stand at its end. */
export function SearchField({ label, onSearch, children, ...rest }: Props) {
  return (
    <div className="search">
      <Search size={15} aria-hidden />
      <input
        type="search"
        placeholder={label}
        aria-label={label}
        onChange={(event) => onSearch(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        {...rest}
      />
      {children}
    </div>
  );
}
