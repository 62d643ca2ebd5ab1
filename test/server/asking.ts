/** @file Asking a server as its page would, and as others might. */
import type { Hono } from 'hono';

export const KEY = 'the-key';
export const HOST = '127.0.0.1:4000';
export const ORIGIN = `http://${HOST}`;

export interface Asker {
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** A text is sent as it is, anything else as JSON. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Bytes as they are. */
  put(path: string, body: Uint8Array<ArrayBuffer>, headers?: Record<string, string>): Promise<Response>;
}

/** Requests to `app` under its key. */
export function asking(app: () => Hono): Asker {
  return {
    get: async (path, headers = {}) =>
      app().request(`${ORIGIN}/${KEY}/${path}`, { headers: { Host: HOST, ...headers } }),
    post: async (path, body, headers = {}) =>
      app().request(`${ORIGIN}/${KEY}/${path}`, {
        method: 'POST',
        headers: { Host: HOST, Origin: ORIGIN, 'Content-Type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    put: async (path, body, headers = {}) =>
      app().request(`${ORIGIN}/${KEY}/${path}`, {
        method: 'PUT',
        headers: { Host: HOST, Origin: ORIGIN, ...headers },
        body,
      }),
  };
}

export async function errorOf(response: Response): Promise<{ seen: string; fix: string }> {
  return ((await response.json()) as { error: { seen: string; fix: string } }).error;
}
