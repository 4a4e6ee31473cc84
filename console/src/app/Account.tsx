import "@/ui/menu.css";
import { Check, ChevronDown } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { DropdownMenu } from "radix-ui";
import { useNavigate } from "react-router";
import type { Identity } from "@/api/types";
import { Avatar } from "./Avatar";
import { GROUP_KEY, useSession } from "./context";

/** By address. */
const ADMINS_PAGES = [
  ["audit", "Audit log"],
  ["erasures", "Erasures"],
] as const;

/** Who is signed in and in which group; changing either. */
export function Account({ identity, group, onHelp }: { identity: Identity; group: string; onHelp: () => void }) {
  const session = useSession();
  const navigate = useNavigate();
  const client = useQueryClient();
  const who = session.name || identity.email || identity.subject;
  const choose = (next: string): void => {
    localStorage.setItem(GROUP_KEY, next);
    void navigate(`/g/${encodeURIComponent(next)}/executions`);
  };
  const signOut = async (): Promise<void> => {
    await session.signOut();
    client.clear(); // nothing one person saw is there for the next
    localStorage.removeItem(GROUP_KEY);
    await navigate("/");
  };
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="account">
        <Avatar name={who} />
        <span className="visually-hidden">{`${who}, group ${group}`}</span>
        <span className="account-group wide-only" aria-hidden>
          {group}
        </span>
        <ChevronDown size={14} aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align="end" sideOffset={6} collisionPadding={8}>
          <div className="menu-who">
            <strong>{who}</strong>
            <span className="faint">{identity.email ?? identity.subject}</span>
            <span className="faint">Role: {identity.role}</span>
          </div>
          <DropdownMenu.Separator className="menu-line" />
          <DropdownMenu.Label className="menu-label">Group</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={group} onValueChange={choose}>
            {identity.groups.map((each) => (
              <DropdownMenu.RadioItem key={each} value={each} className="menu-item">
                <span className="menu-mark">
                  <DropdownMenu.ItemIndicator>
                    <Check size={14} aria-hidden />
                  </DropdownMenu.ItemIndicator>
                </span>
                {each}
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="menu-line" />
          {identity.role === "admin" &&
            ADMINS_PAGES.map(([path, name]) => (
              <DropdownMenu.Item
                key={path}
                className="menu-item"
                onSelect={() => void navigate(`/g/${encodeURIComponent(group)}/${path}`)}
              >
                {name}
              </DropdownMenu.Item>
            ))}
          <DropdownMenu.Item className="menu-item" onSelect={onHelp}>
            Keyboard shortcuts <kbd>?</kbd>
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => window.open("/api/docs", "_blank", "noopener")}>
            API description
          </DropdownMenu.Item>
          <DropdownMenu.Item className="menu-item" onSelect={() => void signOut()}>
            Sign out
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
