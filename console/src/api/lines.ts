import { type Answer, unwrap } from "./client";

/** A whole answer of JSON Lines, page by page: its header `Link` names the cursor of the next one. */
export async function readLines(ask: (cursor: string | undefined) => Promise<Answer<unknown>>): Promise<string> {
  let whole = "";
  let cursor: string | undefined;
  do {
    const answer = await ask(cursor);
    whole += unwrap(answer) as string;
    const next = /[?&]cursor=([^&>]+)/.exec(answer.response.headers.get("link") ?? "")?.[1];
    cursor = next && decodeURIComponent(next);
  } while (cursor);
  return whole;
}
