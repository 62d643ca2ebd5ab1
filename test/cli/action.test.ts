import { expect, it, vi } from 'vitest';
import { commandLine } from '../../src/base/text.ts';
import { reportFailure } from '../../src/cli/action.ts';
import { Interrupted } from '../../src/cli/interrupt.ts';

it.each([
  [['run', 'data\\teeth'], 'packmule run data\\teeth'],
  [['run', 'Röntgen Bilder'], 'packmule run "Röntgen Bilder"'],
  [['run', "C:\\Anna's scans\\"], 'packmule run "C:\\Anna\'s scans\\\\"'],
  [['run', '--set', 'data.root="x y"'], 'packmule run --set "data.root=\\"x y\\""'],
])('%j is shown as one can paste it on Windows', (args, line) => {
  expect(commandLine(args, 'win32')).toBe(line);
});

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
