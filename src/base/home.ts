/** @file Folders of Packmule's own on this machine, from its environment variables. */
import { join } from 'node:path';

type Variables = Readonly<Record<string, string | undefined>>;

export interface Place {
  readonly variables: Variables;
  readonly home: string;
  readonly platform: NodeJS.Platform;
}

/** For what can be had again: PACKMULE_HOME, else in the user's cache folder. */
export function cacheFolder({ variables, home, platform }: Place): string {
  const set = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const own = set('PACKMULE_HOME');
  if (own !== undefined) return own;
  const cache = set('XDG_CACHE_HOME');
  if (cache !== undefined) return join(cache, 'packmule');
  if (platform === 'win32') return join(set('LOCALAPPDATA') ?? join(home, 'AppData', 'Local'), 'packmule');
  return platform === 'darwin'
    ? join(home, 'Library', 'Caches', 'packmule')
    : join(home, '.cache', 'packmule');
}

/** For what is to be kept: PACKMULE_HOME, else in the user's folder of settings. */
export function settingsFolder({ variables, home, platform }: Place): string {
  const set = (name: string): string | undefined => variables[name]?.trim() || undefined;
  const own = set('PACKMULE_HOME');
  if (own !== undefined) return own;
  if (platform === 'win32') return join(set('APPDATA') ?? join(home, 'AppData', 'Roaming'), 'packmule');
  const library = platform === 'darwin' ? join(home, 'Library', 'Application Support') : undefined;
  return join(set('XDG_CONFIG_HOME') ?? library ?? join(home, '.config'), 'packmule');
}
