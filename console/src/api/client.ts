import createClient, { type Client } from "openapi-fetch";
import type { Session } from "@/auth/session";
import type { paths } from "./schema";
import type { Fault, Problem } from "./types";

export type Api = Client<paths>;

/** The API answered that it will not; `problem` is its RFC 9457 document, or what could be made of the answer. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(problem.detail);
    this.name = "ApiProblem";
    this.status = status;
    this.problem = problem;
  }

  get faults(): Fault[] {
    return this.problem.errors;
  }
}

/** The API could not be reached at all. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** The API as one group sees it: every request carries the token and the group. */
export function makeApi(session: Session, group: string | undefined): Api {
  const base = session.config.api ?? window.location.origin;
  const authorized = async (request: Request): Promise<Response> => {
    // A body can be read once, so what may be sent again is copied first.
    const again = request.clone();
    let answer = await send(request, session, group);
    if (answer.status === 401 && (await session.renew())) answer = await send(again, session, group);
    if (answer.status === 401) session.setExpired();
    return answer;
  };
  return createClient<paths>({ baseUrl: base, fetch: authorized });
}

async function send(request: Request, session: Session, group: string | undefined): Promise<Response> {
  const headers = new Headers(request.headers);
  if (session.token) headers.set("authorization", `Bearer ${session.token}`);
  if (group) headers.set("x-group-id", group);
  return reach(new Request(request, { headers, cache: "no-store" }));
}

/** What lies behind a signed address: the signature is all it needs, so neither token nor group leave the API. */
export async function fetchSigned(address: string): Promise<Blob> {
  const answer = await reach(new Request(address, { cache: "no-store", credentials: "omit" }));
  if (answer.ok) return answer.blob();
  throw new ApiProblem(answer.status, {
    ...asProblem(answer.status, undefined),
    detail: "This body cannot be fetched: its address is no longer good, or it has expired.",
    retryable: true,
    remedy: "Try again.",
  });
}

/** Puts a file to a signed address, and tells how much of it has left, from 0 to 1. `fetch` tells nothing of that. */
export function putSigned(
  address: string,
  headers: Record<string, string>,
  content: ArrayBuffer,
  told: (part: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded }) => told(content.byteLength ? loaded / content.byteLength : 1);
    request.onerror = () => reject(new Unreachable("The file could not be sent."));
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new ApiProblem(request.status, asProblem(request.status, { detail: "The file was not taken." })));
    };
    request.send(content);
  });
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable("The server cannot be reached.");
  }
}

export interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer. Raises `ApiProblem` for any other. */
export function unwrap<T>({ data, error, response }: Answer<T>): T {
  if (response.ok) return data as T;
  throw new ApiProblem(response.status, asProblem(response.status, error));
}

/** Gateways in front of the API answer `{"message": …}` or nothing; the rest of the page wants one shape. */
export function asProblem(status: number, body: unknown): Problem {
  const given = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem> & { message?: unknown };
  const message = typeof given.message === "string" ? given.message : undefined;
  return {
    type: given.type ?? "about:blank",
    title: given.title ?? `Status ${status}`,
    status,
    detail: given.detail ?? DETAILS[status] ?? message ?? `The server answered with status ${status}.`,
    category: given.category ?? "platform",
    retryable: given.retryable ?? status >= 500,
    remedy: given.remedy ?? "",
    errors: given.errors ?? [],
    request_id: given.request_id ?? null,
  };
}

const DETAILS: Record<number, string> = {
  401: "Your sign-in has expired.",
  413: "This is too large to send.",
  503: "The service is starting or overloaded.",
  504: "The service took too long to answer.",
};
