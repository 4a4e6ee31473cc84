import { Link } from "react-router";
import type { MemoryScope } from "@/api/types";
import { formatNumber } from "@/lib/format";
import { type Branch, treeOf } from "./memory";

/** Every scope of the group below the one that it lies in, each with the number of records in it and below. */
export function ScopeTree({ scopes, chosen }: { scopes: MemoryScope[]; chosen: string }) {
  const tops = treeOf(scopes);
  const all = tops.reduce((sum, top) => sum + top.scope.records, 0);
  return (
    <nav className="memory-tree" aria-label="Scopes">
      <ul>
        <li>
          <ScopeLink path="" name="All" records={all} chosen={chosen} />
          <Branches branches={tops} chosen={chosen} />
        </li>
      </ul>
    </nav>
  );
}

function Branches({ branches, chosen }: { branches: Branch[]; chosen: string }) {
  if (!branches.length) return null;
  return (
    <ul>
      {branches.map(({ scope, name, below }) => (
        <li key={scope.path}>
          <ScopeLink path={scope.path} name={name} records={scope.records} chosen={chosen} />
          <Branches branches={below} chosen={chosen} />
        </li>
      ))}
    </ul>
  );
}

function ScopeLink({ path, name, records, chosen }: { path: string; name: string; records: number; chosen: string }) {
  return (
    <Link
      className="memory-scope"
      to={{ search: path && new URLSearchParams({ scope: path }).toString() }}
      {...(path === chosen && { "aria-current": "page" as const })}
    >
      <bdi className="memory-name">{name}</bdi>
      <span className="faint">
        {formatNumber(records)}
        <span className="visually-hidden"> records</span>
      </span>
    </Link>
  );
}
