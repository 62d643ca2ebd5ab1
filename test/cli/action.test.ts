import { expect, it, vi } from 'vitest';
import { reportFailure } from '../../src/cli/action.ts';
import { Interrupted } from '../../src/cli/interrupt.ts';

it('a command that was stopped is shown as one can paste it into a shell', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    const argv = ['run', "Anna's scans", '--set', 'training.inputSize=[96, 160]', '--name', 'a-1'];
    expect(reportFailure(new Interrupted('stop'), argv)).toBe(130);
    expect(write.mock.lastCall![0]).toContain(
      "packmule run 'Anna'\\''s scans' --set 'training.inputSize=[96, 160]' --name a-1\n",
    );
  } finally {
    write.mockRestore();
  }
});
