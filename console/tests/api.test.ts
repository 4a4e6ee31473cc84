import { describe, expect, it, vi } from "vitest";
import { ApiProblem, asProblem, makeApi, Unreachable, unwrap } from "@/api/client";
import { fetchBody, fetchFile, type Read, readExecution, readLogs } from "@/api/queries";
import type { Session } from "@/auth/session";

const session = (renews = false) => {
  const made = {
    config: {},
    token: "old",
    setExpired: vi.fn(),
    renew: vi.fn(() => {
      if (renews) made.token = "new";
      return Promise.resolve(renews);
    }),
  };
  return made;
};

/** Answers in turn, and keeps what was asked. */
function serve(...answers: (() => Response)[]): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    return Promise.resolve(answer());
  });
  return asked;
}

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
const refused = json({ message: "Unauthorized" }, 401);
const api = (who: ReturnType<typeof session>) => makeApi(who as unknown as Session, "research");

describe("Every request", () => {
  it("carries the token and the group", async () => {
    const asked = serve(json({}));
    await api(session()).GET("/api/v1/me");
    expect(asked[0]?.headers.get("authorization")).toBe("Bearer old");
    expect(asked[0]?.headers.get("x-group-id")).toBe("research");
  });

  it("is sent once more, body and all, when the token could be renewed", async () => {
    const asked = serve(refused, json({ execution_id: "x" }, 202));
    const who = session(true);
    await api(who).POST("/api/v1/executions/{execution_id}/rerun", {
      params: { path: { execution_id: "x" } },
      body: {
        from_task: "edit",
        config: null,
        inputs: null,
        limits: null,
        name: null,
        task_outputs: null,
        debug: false,
      },
    });
    expect(asked[1]?.headers.get("authorization")).toBe("Bearer new");
    expect(await asked[1]?.text()).toContain('"from_task"');
    expect(who.setExpired).not.toHaveBeenCalled();
  });

  it("leads to signing in when it could not", async () => {
    serve(refused);
    const who = session();
    await api(who).GET("/api/v1/me");
    expect(who.setExpired).toHaveBeenCalledOnce();
  });

  it("tells an unreachable server from a refusal", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    await expect(api(session()).GET("/api/v1/me")).rejects.toBeInstanceOf(Unreachable);
  });
});

describe("An answer", () => {
  it("that refuses is one problem, whoever gave it", () => {
    expect(asProblem(504, undefined)).toMatchObject({
      retryable: true,
      detail: "The service took too long to answer.",
    });
    expect(asProblem(401, { message: "Unauthorized" }).detail).toBe("Your sign-in has expired.");
    expect(asProblem(409, { detail: "It has ended.", remedy: "Nothing." })).toMatchObject({
      detail: "It has ended.",
      remedy: "Nothing.",
    });
    expect(() => unwrap({ error: {}, response: new Response(null, { status: 404 }) })).toThrow(ApiProblem);
  });

  it("that nothing changed keeps what is known, and costs no body", async () => {
    const asked = serve(() => new Response(null, { status: 304 }));
    const known = { execution: { name: "x" }, etag: '"7"' } as unknown as Read;
    expect(await readExecution(api(session()), "id", known)).toBe(known);
    expect(asked[0]?.headers.get("if-none-match")).toBe('"7"');
  });

  it("of the log goes on behind the last cursor, and is the same object when nothing came", async () => {
    const asked = serve(
      json({ lines: [{ sequence: 1 }], cursor: "c1", more: true }),
      json({ lines: [{ sequence: 2 }], cursor: "c2", more: false }),
      json({ lines: [], cursor: "c2", more: false }),
    );
    const first = await readLogs(api(session()), "id", undefined);
    expect(first.lines).toHaveLength(2);
    expect(new URL(asked[1]?.url ?? "").searchParams.get("after")).toBe("c1");
    expect(await readLogs(api(session()), "id", first)).toBe(first);
    expect(new URL(asked[2]?.url ?? "").searchParams.get("after")).toBe("c2");
  });
});

describe("A body too large for the API", () => {
  const address = "https://bucket.s3.eu-central-1.amazonaws.com/groups/research/x?X-Amz-Signature=1";
  const text =
    (body: string, type: string, status = 200) =>
    () =>
      new Response(body, { status, headers: { "content-type": type } });

  it("is fetched by its signed address, without token and group", async () => {
    const asked = serve(text(address, "text/uri-list"), text("the whole", "text/plain"));
    expect(await fetchBody(api(session()), "/api/v1/executions/e/tasks/0/output")).toBe("the whole");
    expect(asked[0]?.headers.get("accept")).toContain("text/uri-list");
    expect(asked[1]?.url).toBe(address);
    expect([...(asked[1]?.headers.keys() ?? [])]).toEqual([]); // any header of ours would need the bucket's leave
    expect(asked[1]?.credentials).toBe("omit");
  });

  it("says so when it cannot be fetched there", async () => {
    serve(text(address, "text/uri-list"), text("<Error/>", "application/xml", 403));
    const failed = await fetchBody(api(session()), "/api/v1/executions/e/tasks/0/output").catch((e: unknown) => e);
    expect(failed).toBeInstanceOf(ApiProblem);
    expect((failed as ApiProblem).problem.detail).toContain("address is no longer good");
  });

  it("is what the API answered when it is small enough", async () => {
    serve(text("small", "text/plain"));
    expect(await fetchBody(api(session()), "/api/v1/executions/e/tasks/0/output")).toBe("small");
  });

  it("may be empty", async () => {
    serve(() => new Response("", { headers: { "content-type": "image/png", "content-length": "0" } }));
    const path = "/api/v1/executions/e/artifacts/nothing.png";
    expect((await fetchFile(api(session()), path)).size).toBe(0);
    expect(await fetchBody(api(session()), path)).toBe("");
  });
});
