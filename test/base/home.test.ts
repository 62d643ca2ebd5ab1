import { join } from 'node:path';
import { expect, it } from 'vitest';
import { settingsFolder } from '../../src/base/home.ts';

it.each<[NodeJS.Platform, Record<string, string>, string]>([
  ['linux', {}, join('/home/jane', '.config', 'packmule')],
  ['linux', { XDG_CONFIG_HOME: '/etc/jane' }, join('/etc/jane', 'packmule')],
  ['darwin', {}, join('/home/jane', 'Library', 'Application Support', 'packmule')],
  ['win32', { APPDATA: '/roaming' }, join('/roaming', 'packmule')],
  ['linux', { PACKMULE_HOME: '/own', XDG_CONFIG_HOME: '/etc/jane' }, '/own'],
])('what is to be kept lies on %s with %j in %s', (platform, variables, folder) => {
  expect(settingsFolder({ variables, home: '/home/jane', platform })).toBe(folder);
});
