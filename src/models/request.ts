/**
 * @file One HTTP request for a weights file. Redirects are followed here and not by fetch, so that the hub's token
 * goes to the hub alone: the hosts it redirects to sign their addresses and have no business with it.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { systemCode } from '../base/system-code.ts';
import type { ModelEnvironment } from './environment.ts';

/** Why a source gave no file. `message` goes on after the host's name: `answered 404 Not Found`. */
export class SourceFailure extends Error {
  /** unreachable: no connection came about; temporary: may go on later; final: asking again changes nothing. */
  readonly kind: 'unreachable' | 'temporary' | 'final';
  readonly status: number | undefined;
  /** After how many ms the server wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: SourceFailure['kind'],
    message: string,
    details: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

const MOST_REDIRECTS = 10;

/** Errors of a connection that never came about. */
const UNREACHABLE =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT|CERT_.*|.*_CERT.*|ERR_TLS.*)$/;

export interface FileResponse {
  readonly response: Response;
  /** The hash of the file that the hub announces before it redirects (X-Linked-Etag), in hex. */
  readonly announcedSha256: string | undefined;
}

/**
 * Asks for a file, from `offset` on where it is still the one of `validator` (an ETag).
 * @throws SourceFailure unless the answer is 200, 206 or 416; the signal's reason when aborted.
 */
export async function requestFile(
  address: string,
  part: { readonly offset: number; readonly validator: string | undefined },
  environment: ModelEnvironment,
  signal: AbortSignal,
): Promise<FileResponse> {
  let url = new URL(address);
  let announcedSha256: string | undefined;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await send(url, part, environment, signal);
    announcedSha256 ??= /^"?([0-9a-f]{64})"?$/.exec(response.headers.get('x-linked-etag') ?? '')?.[1];
    const target = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && target !== null) {
      await response.body?.cancel();
      const next = URL.canParse(target, url.href) ? new URL(target, url) : undefined;
      if (next === undefined || (url.protocol === 'https:' && next.protocol !== 'https:')) {
        throw new SourceFailure('final', 'redirects to an address that is not safe to follow');
      }
      url = next;
      continue;
    }
    if (response.status === 200 || response.status === 206 || response.status === 416) {
      return { response, announcedSha256 };
    }
    await response.body?.cancel();
    throw statusFailure(response);
  }
  throw new SourceFailure('final', `redirects more than ${MOST_REDIRECTS} times`);
}

async function send(
  url: URL,
  { offset, validator }: { readonly offset: number; readonly validator: string | undefined },
  { endpoint, token }: ModelEnvironment,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'packmule' };
  if (offset > 0) headers.range = `bytes=${offset}-`;
  if (offset > 0 && validator !== undefined) headers['if-range'] = validator;
  if (token !== undefined && url.origin === new URL(endpoint).origin)
    headers.authorization = `Bearer ${token}`;
  try {
    return await fetch(url, { headers, redirect: 'manual', signal });
  } catch (cause) {
    signal.throwIfAborted();
    throw connectionFailure(cause);
  }
}

/** What fetch or the body of a response throws, without addresses: those of redirects carry signatures. */
export function connectionFailure(cause: unknown): SourceFailure {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  const code = systemCode(inner) ?? '';
  if (UNREACHABLE.test(code))
    return new SourceFailure('unreachable', `cannot be reached (${code})`, { cause });
  return new SourceFailure('temporary', `cut the connection${code === '' ? '' : ` (${code})`}`, { cause });
}

function statusFailure({ status, statusText, headers }: Response): SourceFailure {
  const isTemporary = status === 408 || status === 429 || status >= 500;
  const answer = `answered ${`${status} ${statusText}`.trim()}`;
  const retryAfterMs = parseRetryAfter(headers.get('retry-after'));
  return new SourceFailure(isTemporary ? 'temporary' : 'final', answer, { status, retryAfterMs });
}

/** Seconds or a date; in ms from now. */
function parseRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** Waits, or throws the signal's reason when it is aborted meanwhile. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
