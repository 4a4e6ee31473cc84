import { type Api, unwrap } from "./client";
import type { components } from "./schema";
import type { DryRun } from "./types";

type Body = components["schemas"]["CrewRequest"];
type Submitted = components["schemas"]["SubmittedExecution"];

/** What a person wrote: the API checks it, so its parts may be anything that JSON can hold. */
export type Submission = { [Name in keyof Body]?: unknown };

/** Submits and answers the id. The same key with the same body is the same execution, however often it is sent. */
export async function submitExecution(api: Api, submission: Submission, idempotencyKey: string): Promise<string> {
  const answer = await api.POST("/api/v1/executions", {
    params: { header: { "idempotency-key": idempotencyKey } },
    body: submission as Body,
  });
  return (unwrap(answer) as Submitted).execution_id;
}

/** What would run. Raises `ApiProblem` with every fault. */
export async function checkSubmission(api: Api, submission: Submission): Promise<DryRun> {
  const answer = await api.POST("/api/v1/executions", {
    params: { query: { dry_run: true } },
    body: submission as Body,
  });
  return unwrap(answer) as DryRun;
}
