/** @file Paths as people write them: what lies in their home begins with ~. */
import { home } from './store.ts';

export function shortPath(path: string): string {
  const { userHome } = home.value!;
  if (path === userHome) return '~';
  const end = path.slice(userHome.length);
  return path.startsWith(userHome) && /^[/\\]/.test(end) ? `~${end}` : path;
}

export function longPath(path: string): string {
  return /^~([/\\]|$)/.test(path) ? home.value!.userHome + path.slice(1) : path;
}
