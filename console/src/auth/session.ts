import { type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { ConsoleConfig } from "./config";

const SIGNED_IN_PATH = "/signed-in";

/** Signing in by OpenID Connect: code flow with PKCE, done by oidc-client-ts. */
export class Session {
  readonly config: ConsoleConfig;
  private readonly manager: UserManager;
  private user: User | null = null;
  private renewal: Promise<boolean> | null = null;
  private readonly listeners = new Set<() => void>();
  /** The API refused the token and it could not be renewed. What is on the screen stays, until signed in again. */
  expired = false;

  constructor(config: ConsoleConfig) {
    this.config = config;
    const own = window.location.origin;
    this.manager = new UserManager({
      authority: config.issuer,
      client_id: config.client_id,
      redirect_uri: `${own}${SIGNED_IN_PATH}`,
      scope: config.scope ?? "openid email profile",
      automaticSilentRenew: false,
      loadUserInfo: false,
      // Some issuers give tokens for an API only to who names it.
      ...(config.audience && !config.local && { extraQueryParams: { audience: config.audience } }),
      // Demo identities are no secret: on the local stack a link opened in a new tab is signed in already.
      userStore: new WebStorageStateStore({ store: config.local ? window.localStorage : window.sessionStorage }),
      stateStore: new WebStorageStateStore({ store: window.sessionStorage }),
      // The local issuer answers on the page's own origin, whichever of its names the page was opened under.
      ...(config.local && {
        metadata: {
          issuer: config.issuer,
          authorization_endpoint: `${own}/auth/authorize`,
          token_endpoint: `${own}/auth/token`,
          jwks_uri: `${own}/auth/jwks.json`,
        },
      }),
    });
  }

  async restore(): Promise<void> {
    const user = await this.manager.getUser();
    this.user = user && !user.expired ? user : null;
    if (user?.expired && user.refresh_token) await this.renew();
  }

  get signedIn(): boolean {
    return this.user !== null;
  }

  get token(): string | undefined {
    return this.config.token === "id_token" ? this.user?.id_token : this.user?.access_token;
  }

  get name(): string {
    return this.user?.profile.name ?? this.user?.profile.email ?? "";
  }

  /** Leaves for the issuer; comes back to `returnTo` (a path of this page). */
  async signIn(returnTo: string, loginHint?: string): Promise<void> {
    await this.manager.signinRedirect({ state: { returnTo }, ...(loginHint && { login_hint: loginHint }) });
  }

  /** Takes the issuer's answer from the address. Answers the path to go on to. */
  async finishSignIn(): Promise<string> {
    const user = await this.manager.signinRedirectCallback();
    this.user = user;
    this.expired = false;
    this.tell();
    const state = user.state as { returnTo?: unknown } | null;
    const returnTo = state?.returnTo;
    return typeof returnTo === "string" && /^\/(?!\/)/.test(returnTo) ? returnTo : "/";
  }

  async signOut(): Promise<void> {
    await this.manager.removeUser();
    this.user = null;
    this.tell();
  }

  /** A new token by refresh token, if the issuer gave one. Several callers share one attempt. */
  renew(): Promise<boolean> {
    this.renewal ??= this.tryRenewal().finally(() => (this.renewal = null));
    return this.renewal;
  }

  private async tryRenewal(): Promise<boolean> {
    if (!this.user?.refresh_token) return false;
    try {
      this.user = await this.manager.signinSilent();
    } catch {
      return false; // whatever the reason: the person has to sign in again
    }
    return this.user !== null;
  }

  setExpired(): void {
    if (this.expired) return;
    this.expired = true;
    this.tell();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private tell(): void {
    this.listeners.forEach((listener) => listener());
  }
}
