/** @file Talking to the server. All addresses are relative: the page's own holds the key. */
import type { Refusal } from '../../src/review/protocol.ts';

/** Something that the user can read, and what to do about it. */
export class Failure extends Error {
  readonly fix: string;

  constructor(seen: string, fix: string) {
    super(seen);
    this.fix = fix;
  }
}

/** For people. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, init).catch(() => {
    throw new Failure(
      'The server does not answer',
      'Start it again: this page then goes on where that has the same address. What was saved is safe; keep the page open to lose no drawing.',
    );
  });
  if (response.ok || response.status === 409) return response;
  const refusal = (await response.json().catch(() => undefined)) as Refusal | undefined;
  throw new Failure(
    refusal?.error.seen ?? `The server answered ${response.status}`,
    refusal?.error.fix ?? 'Load the page again',
  );
}

export async function post(path: string, body: unknown): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return request(path, { method: 'POST', headers, body: JSON.stringify(body) });
}
