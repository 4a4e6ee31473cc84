import { createContext, useContext } from "react";
import type { Api } from "@/api/client";
import type { Identity } from "@/api/types";
import type { Session } from "@/auth/session";

/** Where the browser keeps the group that was shown last. */
export const GROUP_KEY = "stepcrew.group";

export const SessionContext = createContext<Session | null>(null);
export const ApiContext = createContext<{ api: Api; group: string } | null>(null);
export const IdentityContext = createContext<Identity | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession needs a SessionContext");
  return session;
}

export function useIdentity(): Identity {
  const identity = useContext(IdentityContext);
  if (!identity) throw new Error("useIdentity needs an IdentityContext");
  return identity;
}

/** Nobody sees a button they may not press. The API refuses anyway; this only keeps the page honest. */
export function useMayWrite(): boolean {
  return useIdentity().role !== "viewer";
}

/** Everybody but viewers starts things. */
export function useIsMember(): boolean {
  return useIdentity().role !== "viewer";
}

/** Admins alone store and delete crews and delete executions. */
export function useIsAdmin(): boolean {
  return useIdentity().role === "admin";
}
