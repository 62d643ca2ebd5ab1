/** Where the package is found, and that another one is not taken for it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { dependencyFolder, dependencyVersion, ownFolder, PACKAGE_FOLDER } from '../../src/base/version.ts';
import { temporaryFolder } from '../temporary.ts';

it('the folder of the package is that of its package.json, however deep the code lies, past others with none of its name', async () => {
  const folder = await temporaryFolder();
  const deep = join(folder, 'dist', 'src', 'base');
  await mkdir(deep, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "name": "packmule", "version": "1.0.0" }');
  await writeFile(join(folder, 'dist', 'package.json'), '{ "type": "module", "version": "2.0.0" }');
  expect(ownFolder(pathToFileURL(join(deep, 'version.js')).href)).toBe(folder);
});

it('code in the bundle of an application says how to bundle, in place of taking that for the package', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'package.json'), '{ "name": "viewer", "version": "3.0.0" }');
  const bundle = join(folder, 'main.js');
  expect(() => ownFolder(pathToFileURL(bundle).href)).toThrow(
    `in a bundle, ${bundle}. The files of its package, among them the weights of Foal. Mark packmule as external`,
  );
  // CommonJS.
  expect(() => ownFolder(undefined)).toThrow('Mark packmule as external');
});

it('a dependency is found with its version', () => {
  expect(dependencyFolder('onnxruntime-node')).not.toBe(PACKAGE_FOLDER);
  expect(dependencyVersion('onnxruntime-node')).toMatch(/^\d+\.\d+\.\d+/);
});
