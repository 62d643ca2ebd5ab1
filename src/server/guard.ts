/**
 * @file Who may talk to the server. It listens on this machine alone, but every page open in the browser is on this
 * machine too, so a request must name this server as its host (else another name could be made to point here), come
 * from its own page, and carry the key that only the printed address holds.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { refuse } from './answers.ts';

/** Sent with every answer: the page loads nothing from elsewhere, is shown in no other page, and tells nobody its address. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** `key` is the first part of every path. */
export function guard(key: string): MiddlewareHandler {
  const expected = digest(key);
  return async (context, next) => {
    const { req } = context;
    const host = req.header('Host') ?? '';
    const given = new URL(req.url).pathname.split('/')[1] ?? '';
    const origin = req.header('Origin');
    if (!isLoopback(host)) {
      context.res = refuse(context, 403, {
        seen: `This request is for the host ${host}`,
        need: 'The address that Packmule printed, on 127.0.0.1',
        fix: 'Open that address',
      });
    } else if (!timingSafeEqual(digest(given), expected)) {
      context.res = refuse(context, 403, {
        seen: 'This address has no key, or that of an earlier start',
        need: 'The address that Packmule printed when it last started',
        fix: 'Open that address',
      });
    } else if (isForeign(req.method, origin, host, req.header('Sec-Fetch-Site'))) {
      context.res = refuse(context, 403, {
        seen: `This request comes from the page ${origin ?? 'of another program'}`,
        need: 'Requests of its own page',
        fix: 'Use the page that Packmule opens',
      });
    } else {
      await next();
    }
    for (const [name, value] of Object.entries(HEADERS)) {
      // A page that is not ours comes with a narrower policy of its own.
      if (!context.res.headers.has(name)) context.res.headers.set(name, value);
    }
  };
}

/** Hashes are of one length, so that comparing them tells nothing about the key. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isLoopback = (host: string): boolean => /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);

/** A browser names the origin of whatever may change something; without one it is not our page that asks. */
function isForeign(
  method: string,
  origin: string | undefined,
  host: string,
  site: string | undefined,
): boolean {
  if (origin !== undefined) return origin !== `http://${host}`;
  return method !== 'GET' || site === 'cross-site' || site === 'same-site';
}
