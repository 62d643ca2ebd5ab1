import { expect, it } from 'vitest';
import { asNode } from '../../src/base/node-process.ts';

it('a process of ours has the variables of this one, opens no window, and in Electron is told to be Node.js', () => {
  const variables = { PATH: '/bin' };
  expect(asNode(variables, { node: '20.19.0' })).toEqual({ env: variables, windowsHide: true });
  expect(asNode(variables, { node: '22.0.0', electron: '38.0.0' })).toEqual({
    env: { PATH: '/bin', ELECTRON_RUN_AS_NODE: '1' },
    windowsHide: true,
  });
  expect(variables).toEqual({ PATH: '/bin' });
});
