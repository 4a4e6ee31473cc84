/** What `/config.json` says: how to sign in here. Written by the local stack, or by a deployment beside the page. */
export interface ConsoleConfig {
  issuer: string;
  client_id: string;
  audience?: string;
  scope?: string;
  /** Which token the API takes. Cognito puts the group's claims into the ID token only. */
  token?: "access_token" | "id_token";
  /** The API's origin, when it is not this page's. */
  api?: string;
  local?: boolean;
  identities?: DemoIdentity[];
}

interface DemoIdentity {
  name: string;
  description: string;
}

export async function loadConfig(): Promise<ConsoleConfig> {
  const answer = await fetch("/config.json", { cache: "no-store" });
  if (!answer.ok) throw new Error(`The server has no /config.json (status ${answer.status}).`);
  const config = (await answer.json()) as Partial<ConsoleConfig>;
  if (!config.issuer || !config.client_id) throw new Error("/config.json names no issuer or client_id.");
  return { ...config, issuer: config.issuer, client_id: config.client_id };
}
