import "./shell.css";
import { useQuery } from "@tanstack/react-query";
import { Monitor, Moon, Plus, Sun } from "lucide-react";
import { useDeferredValue, useLayoutEffect, useMemo, useState } from "react";
import {
  Link,
  NavLink,
  Navigate,
  NavigationType,
  Outlet,
  useLocation,
  useNavigate,
  useNavigation,
  useNavigationType,
  useParams,
} from "react-router";
import { ApiProblem, makeApi, unwrap } from "@/api/client";
import { useWaiting } from "@/api/approvals";
import type { Identity } from "@/api/types";
import { useCurrentInSight, useKeys, useStored } from "@/lib/hooks";
import { FullText } from "@/ui/FullText";
import { Button, Empty, IconButton, Loading, Trouble } from "@/ui/kit";
import { Account } from "./Account";
import { ApiContext, GROUP_KEY, IdentityContext, useSession } from "./context";
import { KeysHelp } from "./KeysHelp";
import { Logo } from "./Logo";

function useMe(group: string | undefined) {
  const session = useSession();
  const api = useMemo(() => makeApi(session, group), [session, group]);
  const me = useQuery({
    queryKey: [group ?? "", "me", session.name],
    staleTime: 300_000,
    queryFn: async (): Promise<Identity> => unwrap(await api.GET("/api/v1/me")),
  });
  return { api, me };
}

/** `/` and addresses without a group go on in the group used last, if it is still the caller's, or their own. */
export function ToOwnGroup() {
  const { me } = useMe(undefined);
  const { pathname, search } = useLocation();
  const { group } = useParams();
  if (me.error) return <Trouble error={me.error} retry={() => void me.refetch()} />;
  if (!me.data) return <Loading />;
  const last = localStorage.getItem(GROUP_KEY);
  const own = group ?? (last && me.data.groups.includes(last) ? last : me.data.group_id);
  const rest =
    /^\/(executions|new|approvals|batches|compare|memory|files|crews|triggers|webhooks|secrets|tools|usage|audit|erasures|operator)\b/.test(
      pathname,
    )
      ? pathname + search
      : "/executions";
  return <Navigate to={`/g/${encodeURIComponent(own)}${rest}`} replace />;
}

/** Everything of one group: the head with navigation, and below it the page. */
export function GroupShell() {
  const { group = "" } = useParams();
  const { api, me } = useMe(group);
  const value = useMemo(() => ({ api, group }), [api, group]);
  const navigation = useNavigation();
  // A first page is long to render: deferred, it leaves the browser free in between.
  const identity = useDeferredValue(me.data, undefined);
  useScroll();
  if (me.error instanceof ApiProblem && me.error.status === 403) return <ForeignGroup group={group} />;
  if (me.error && !me.data) {
    return (
      <main className="page">
        <Trouble error={me.error} retry={() => void me.refetch()} />
      </main>
    );
  }
  if (!identity) return <Loading />;
  return (
    <ApiContext value={value}>
      <IdentityContext value={identity}>
        <a className="skip" href="#content">
          Skip to the content
        </a>
        <FullText />
        <Head identity={identity} group={group} />
        <div id="content" className="content" data-busy={navigation.state !== "idle"} key={group}>
          <Outlet />
        </div>
      </IdentityContext>
    </ApiContext>
  );
}

const scrolled = new Map<string, number>();

/** A page opens at its top; one that is come back to, where it was left. The tabs of an execution are one page. */
function useScroll(): void {
  const { pathname, key } = useLocation();
  const type = useNavigationType();
  const page = pathname.replace(/(\/executions\/[^/]+).*/, "$1");
  useLayoutEffect(() => {
    window.scrollTo(0, type === NavigationType.Pop ? (scrolled.get(key) ?? 0) : 0);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only another page moves what is in sight
  }, [page]);
  useLayoutEffect(() => {
    const keep = (): void => void scrolled.set(key, window.scrollY);
    window.addEventListener("scroll", keep, { passive: true });
    return () => window.removeEventListener("scroll", keep);
  }, [key]);
}

function Head({ identity, group }: { identity: Identity; group: string }) {
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const links = useCurrentInSight();
  const base = `/g/${encodeURIComponent(group)}`;
  const writes = identity.role !== "viewer";
  useKeys(({ key }) => {
    if (key === "?") setHelp(true);
    else if (key === "n" && writes) void navigate(`${base}/new`);
    else return false;
    return true;
  });
  return (
    <header className="head">
      <Link to={`${base}/executions`} className="brand" aria-label="Stepcrew">
        <Logo />
        <span>Stepcrew</span>
      </Link>
      <nav ref={links} aria-label="Main">
        <NavLink to={`${base}/executions`}>Executions</NavLink>
        <NavLink to={`${base}/batches`}>Batches</NavLink>
        <NavLink to={`${base}/approvals`}>
          Approvals
          <WaitingCount />
        </NavLink>
        <NavLink to={`${base}/compare`}>Compare</NavLink>
        <NavLink to={`${base}/triggers`}>Triggers</NavLink>
        <NavLink to={`${base}/webhooks`}>Webhooks</NavLink>
        <NavLink to={`${base}/memory`}>Memory</NavLink>
        <NavLink to={`${base}/files`}>Files</NavLink>
        <NavLink to={`${base}/secrets`}>Secrets</NavLink>
        <NavLink to={`${base}/tools`}>Tools</NavLink>
        <NavLink to={`${base}/usage`}>Usage</NavLink>
        {identity.operator && <NavLink to={`${base}/operator`}>Operator</NavLink>}
      </nav>
      <div className="head-end">
        {writes && (
          <Link to={`${base}/new`} className="button button-primary" aria-label="Run a crew">
            <Plus size={15} aria-hidden />
            <span className="wide-only">Run a crew</span>
          </Link>
        )}
        <ThemeButton />
        <Account identity={identity} group={group} onHelp={() => setHelp(true)} />
      </div>
      <KeysHelp open={help} onClose={() => setHelp(false)} />
    </header>
  );
}

/** How many questions wait for people. Nothing is shown for none, or while it is not known. */
function WaitingCount() {
  const { data, hasNextPage } = useWaiting({ aside: true });
  if (!data?.length) return null;
  return (
    <span className="count">
      {data.length}
      {hasNextPage && "+"}
      <span className="visually-hidden"> waiting</span>
    </span>
  );
}

const THEMES = ["system", "light", "dark"] as const;

function ThemeButton() {
  const [theme, setTheme] = useStored("stepcrew.theme", "system");
  const next = THEMES[(THEMES.indexOf(theme as (typeof THEMES)[number]) + 1) % THEMES.length] ?? "system";
  const Icon = { light: Sun, dark: Moon }[theme] ?? Monitor;
  const change = (): void => {
    setTheme(next);
    if (next === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = next;
  };
  return (
    <IconButton label={`Theme: ${theme}. Change to ${next}`} onClick={change}>
      <Icon size={16} aria-hidden />
    </IconButton>
  );
}

function ForeignGroup({ group }: { group: string }) {
  const navigate = useNavigate();
  const session = useSession();
  const leave = (): void => {
    localStorage.removeItem(GROUP_KEY);
    void navigate("/");
  };
  return (
    <main className="page">
      <Empty
        title={`You do not belong to the group ${group}`}
        action={
          <>
            <Button look="primary" onClick={leave}>
              Go to your own group
            </Button>
            <Button onClick={() => void session.signOut()}>Sign in as someone else</Button>
          </>
        }
      >
        The link may be for someone else, or your sign-in is older than your membership.
      </Empty>
    </main>
  );
}
