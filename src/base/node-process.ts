/** @file How another process of ours is started: as Node.js, wherever this one runs, and without a window. */

/**
 * What spawn and fork take to start `process.execPath`. In Electron that is the app, which is Node.js only where it is
 * told so, and else would start a second time.
 */
export function asNode(
  variables: NodeJS.ProcessEnv = process.env,
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): { readonly env: NodeJS.ProcessEnv; readonly windowsHide: true } {
  const electron = versions.electron === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' };
  return { env: { ...variables, ...electron }, windowsHide: true };
}
