/** @file Answers of the server that are errors: three sentences, as JSON for our pages and as a page for people. */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import { type Complaint, PackmuleError } from '../base/errors.ts';
import type { Refusal } from '../review/protocol.ts';
import { REFUSAL_POLICY, refusalPage } from './refusal-page.ts';
import { NotFound, Unusable } from './refusals.ts';

export function refuse(context: Context, status: ContentfulStatusCode, complaint: Complaint): Response {
  if (context.req.header('Accept')?.includes('text/html')) {
    context.header('Content-Security-Policy', REFUSAL_POLICY);
    context.header('Cache-Control', 'no-store');
    return context.html(refusalPage(complaint), status);
  }
  const { seen, need, fix } = complaint;
  return context.json({ error: { seen, need, fix } } satisfies Refusal, status);
}

/** The answer to a request that failed. What is no error of the user's keeps its stack for `note`. */
export function refuseError(context: Context, error: unknown, note: (text: string) => void): Response {
  if (error instanceof NotFound) return refuse(context, 404, error);
  if (error instanceof PackmuleError) return refuse(context, 422, error);
  note(describeDefect(error));
  return refuse(context, 500, {
    seen: 'The server met a defect of its own',
    need: '',
    fix: 'What you decided is saved. Load the page again, and report the text in the terminal',
  });
}

export function binary(
  context: Context,
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  caching: string,
): Response {
  context.header('Content-Type', type);
  context.header('Cache-Control', caching);
  return context.body(bytes);
}

/** For the terminal and whoever is to mend it. */
export function describeDefect(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The body of a request. @throws Unusable where it is no JSON or does not fit. */
export async function readBody<T extends z.ZodType>(context: Context, schema: T): Promise<z.output<T>> {
  const json: unknown = await context.req.json().catch(() => undefined);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unusable({
    seen: `The request does not fit at ${issue!.path.join('.') || 'its top level'} (${issue!.message})`,
    need: 'A request of the page of this version',
    fix: 'Load the page again',
  });
}
