/** The model that comes with the package: it is there, whole, and better than what asks nothing of it. */
import { expect, it } from 'vitest';
import { PACKAGE_FOLDER } from '../../src/base/version.ts';
import { generateScene } from '../../src/dataset/scenes/generate.ts';
import { foalConfig } from '../../src/foal/config.ts';
import { scoreBoxes, tryModel } from '../../src/foal/evaluate.ts';
import { thisEnvironment } from '../../src/models/environment.ts';
import { pullModel } from '../../src/models/pull.ts';
import { findModel, SHIPPED_MODEL } from '../../src/models/registry.ts';
import { modelPath, verifyModel } from '../../src/models/resolve.ts';
import { silentObserver } from '../../src/pipeline/observer.ts';
import { loadSamCheckpoint } from '../../src/sam/checkpoint.ts';

const entry = findModel(SHIPPED_MODEL)!;
const options = { environment: { ...thisEnvironment(), offline: true }, observer: silentObserver };

it('is what the registry says, without a download', async () => {
  const path = await modelPath({ entry }, options);
  expect(path.startsWith(PACKAGE_FOLDER)).toBe(true);
  await verifyModel({ entry }, path);
});

it('draws scenes that it has not seen better than ellipses do', async () => {
  const { weights, name, config } = await loadSamCheckpoint(await modelPath({ entry }, options));
  expect(config).toEqual(foalConfig(1024));
  const size = { height: 512, width: 512 };
  const images = [1, 2, 3].map((index) => generateScene({ seed: 99, index, size }));
  const trained = { name, weights, config: foalConfig(512) };
  const score = await tryModel(trained, {}, (model) => scoreBoxes(model, images, { leastArea: 100 }));
  expect(score.objects).toBeGreaterThan(10);
  expect(score.dice).toBeGreaterThan(score.ellipseDice! + 0.08);
}, 120_000);

it('says to install again where it is missing', async () => {
  const missing = { ...entry, file: 'none.safetensors' };
  await expect(pullModel(missing, options)).rejects.toMatchObject({
    seen: expect.stringContaining('none.safetensors is missing'),
    fix: 'Install Packmule again',
  });
});
