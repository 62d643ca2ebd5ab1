/** @file Text files as people's programs write them, and words as their shells take them. */

/** The text of UTF-8 bytes without a byte order mark, or undefined where they are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A word as the shell of a script takes it, whatever it holds. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A command of Packmule as one pastes it into the shells of a platform: on Windows cmd and PowerShell. */
export function commandLine(args: readonly string[], platform: string = process.platform): string {
  return ['packmule', ...args.map(platform === 'win32' ? windowsWord : shellWord)].join(' ');
}

/** A quote in a word, and backslashes before one, are told from the quotes around it by a backslash each. */
function windowsWord(word: string): string {
  if (/^[\w+=:./\\-]+$/.test(word)) return word;
  return `"${word.replace(/(\\*)("|$)/g, (_, slashes: string, quote: string) => slashes + slashes + (quote && '\\"'))}"`;
}
