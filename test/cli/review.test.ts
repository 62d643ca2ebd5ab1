/** `packmule review` from end to end: the address, a kill in the middle of work, the round after it. */
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReviewItem, RoomState } from '../../src/review/protocol.ts';
import { writeFinishedRun } from '../review/finished-run.ts';
import { runCli, useSharedFolder } from './program.ts';
import { type ServerProcess, startServerCli } from './server.ts';

const inFolder = useSharedFolder();
const cli = (...args: string[]): ReturnType<typeof runCli> => runCli(inFolder(), ...args);

beforeAll(async () => {
  await writeFinishedRun(inFolder(), { unlabelled: 4 });
});

const roomOf = async ({ url }: ServerProcess): Promise<RoomState> =>
  (await fetch(`${url}api/room`)).json() as Promise<RoomState>;

async function decide({ url }: ServerProcess, item: ReviewItem, verdict: string): Promise<Response> {
  const { image, classIndex, revision } = item;
  return fetch(`${url}api/decisions`, {
    method: 'POST',
    headers: { Origin: new URL(url).origin, 'Content-Type': 'application/json' },
    body: JSON.stringify({ image, classIndex, verdict, basedOn: revision }),
  });
}

const poolOf = ({ items, images }: RoomState): ReviewItem[] => {
  const pool = new Set(images.filter(({ split }) => split === 'unlabelled').map(({ id }) => id));
  return items.filter(({ image }) => pool.has(image));
};

describe('packmule review', () => {
  it('explains itself with examples', async () => {
    const { code, stdout } = await cli('review', '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Usage: packmule review/);
    expect(stdout).toMatch(/Examples:\n {2}\$ packmule review/);
    expect(stdout).toContain('--round 2');
  });

  it.each([
    [['nowhere'], 'RunError', /nowhere holds no run/],
    [['runs/tiny', '--port', 'x'], 'ConfigError', /--port is x/],
    [['runs/tiny', '--model', 'missing.pth'], 'CheckpointError', /missing\.pth/],
  ])('with %j ends before it serves anything', async (args, name, seen) => {
    const { code, stdout } = await cli('review', ...args, '--no-open', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error).toMatchObject({ name, seen: expect.stringMatching(seen) });
  });

  // Several starts of a process, one of them of a training.
  const PATIENCE = 240_000;

  it(
    'loses nothing that it said was saved when it is killed, and leads to a round that learns from it',
    async () => {
      const first = await startServerCli(inFolder(), ['review', 'runs/tiny']);
      const pool = poolOf(await roomOf(first));
      const item = pool[0]!;
      // As fast as they are answered, until the server dies under them.
      let saved = item;
      const verdicts = ['accepted', 'rejected', 'skipped', 'withdrawn'];
      for (let i = 0; i < 200; i++) {
        if (i === 120) first.child.kill('SIGKILL');
        const answer = await decide(first, saved, verdicts[i % 4]!).catch(() => undefined);
        if (answer === undefined) break;
        expect(answer.status).toBe(200);
        saved = ((await answer.json()) as { item: ReviewItem }).item;
      }
      await first.ended;
      expect(saved.revision).toBeGreaterThanOrEqual(120);

      const second = await startServerCli(inFolder(), ['review', 'runs/tiny', '--reviewer', 'bob']);
      const found = poolOf(await roomOf(second)).find(
        ({ image, classIndex }) => image === item.image && classIndex === item.classIndex,
      )!;
      // The last one may have reached the disk without its answer.
      expect([0, 1]).toContain(found.revision - saved.revision);
      const whole = pool.filter(({ image }) => image === item.image).slice(1);
      for (const one of [found, ...whole]) expect((await decide(second, one, 'accepted')).status).toBe(200);
      second.child.kill('SIGINT');
      const ended = await second.ended;
      expect(ended.code).toBe(0);
      expect(ended.stdout).toBe(
        `${whole.length + 1} accepted, 0 corrected, 0 rejected, 0 skipped\nNext: packmule run runs/tiny --round 2\n`,
      );
      const journal = await readFile(inFolder('runs', 'tiny', 'review', 'decisions.jsonl'), 'utf8');
      expect(journal.trim().split('\n')).toHaveLength(found.revision + whole.length + 1);
      expect(journal).toContain('"by":"bob"');

      const round = await cli('train', 'runs/tiny', '--round', '2', '--json');
      expect(round.stderr).toContain('Training the initial network: done');
      expect(JSON.parse(round.stdout)).toMatchObject({ run: expect.stringMatching(/runs\/tiny-round-2$/) });
      const { config } = JSON.parse(await readFile(inFolder('runs', 'tiny-round-2', 'config.json'), 'utf8'));
      expect(config.reviews).toEqual([inFolder('runs', 'tiny')]);
    },
    PATIENCE,
  );
});
