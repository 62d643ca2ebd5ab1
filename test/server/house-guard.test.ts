/** What the server of `packmule` alone refuses, whoever asks. */
import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { errorOf, HOST, KEY, ORIGIN } from './asking.ts';
import { useHouse } from './house.ts';

const { project, app, started, get, post } = useHouse();

describe('what is refused', () => {
  it.each([
    ['api/recognise', { folder: '/x' }],
    ['api/check', { folder: '/x' }],
    ['api/uploads', { project: '/x', name: 'x', files: 1, bytes: 1 }],
    ['api/runs', { folder: '/x', project: '/x', name: 'x' }],
    ['api/demo', { project: '/x' }],
    ['api/runs/x/round', {}],
    ['api/runs/x/resume', {}],
    ['api/runs/x/stop', {}],
    ['api/rooms/review', { run: 'x' }],
    ['api/rooms/labels', { folder: '/x' }],
    ['room/x/api/decisions', {}],
  ])(
    '%s without the key, an origin, or from another page; and what is huge or unknown',
    async (path, body) => {
      const bare = async (key: string, headers: Record<string, string>): Promise<number> => {
        const init = { method: 'POST', headers: { Host: HOST, ...headers }, body: JSON.stringify(body) };
        return (await app().request(`${ORIGIN}/${key}/${path}`, init)).status;
      };
      expect([
        await bare('wrong', { Origin: ORIGIN }),
        await bare(KEY, {}),
        await bare(KEY, { Origin: 'https://evil.example' }),
        await bare(KEY, { Origin: 'null' }),
        await bare(KEY, { Origin: ORIGIN, Host: 'evil.example' }),
      ]).toEqual([403, 403, 403, 403, 403]);
      expect([404, 422]).toContain((await post(path, body)).status);
      const huge = await post(path, { ...body, more: 'x'.repeat(5 * 2 ** 20) });
      expect(huge.status).toBe(413);
      expect(started()).toEqual([]);
      expect(await readdir(project())).toEqual([]);
    },
  );

  it.each([
    'api/home',
    'api/folders',
    'api/runs',
    'api/runs/x',
    'api/runs/x/events',
    'api/runs/x/report',
    'room/x/api/room',
    '',
  ])('reading %s without the key, or from another site', async (path) => {
    const noKey = await app().request(`${ORIGIN}/wrong/${path}`, { headers: { Host: HOST } });
    expect(noKey.status).toBe(403);
    expect((await get(path, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403);
    expect((await get(path, { Origin: 'null' })).status).toBe(403);
  });

  it('people as a page, which takes nothing for markup, and programs as JSON', async () => {
    const ask = (path: string, host: string, accept: string): Response | Promise<Response> =>
      app().request(`${ORIGIN}/${path}`, { headers: { Host: host, Accept: accept } });
    const page = await ask('wrong/', HOST, 'text/html,*/*');
    expect([page.status, page.headers.get('Content-Type')]).toEqual([
      403,
      expect.stringMatching('text/html'),
    ]);
    expect(page.headers.get('Content-Security-Policy')).toMatch(
      /^default-src 'none'; img-src data:; style-src/,
    );
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(await page.text()).toContain('<h1>This address has no key, or that of an earlier start.</h1>');
    expect(await (await ask('wrong/', '<script>', 'text/html')).text()).toContain('the host &lt;script&gt;.');
    expect(await (await ask('wrong/', HOST, '*/*')).json()).toMatchObject({
      error: { fix: 'Open that address' },
    });
  });

  it.each([
    'api/runs/..%2f..%2fetc',
    'api/runs/unknown/report',
    'room/..%2f..%2fetc/api/room',
    'room/unknown/api/images/x/pixels',
    '..%2f..%2fetc%2fpasswd',
  ])('%s', async (path) => {
    const response = await get(path);
    expect([404, (await errorOf(response)).seen !== '']).toEqual([response.status, true]);
  });
});
