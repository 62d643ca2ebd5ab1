import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { buildModel } from '../../src/graph/build.ts';
import { encodeModel } from '../../src/graph/onnx/encode.ts';
import { relu } from '../../src/graph/ops/unary.ts';
import { input } from '../../src/graph/tensor.ts';
import { openPredictor } from '../../src/training/predictor.ts';
import { temporaryFolder } from '../temporary.ts';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});

const withPlan = (plan: string): Uint8Array =>
  encodeModel(buildModel({ y: relu(input('x', [1])) }, { metadata: { 'packmule.plan': plan } }));

describe('openPredictor', () => {
  it.each<[string, Uint8Array | string, string]>([
    ['no ONNX file', 'text', 'is damaged'],
    ['a cut-off network', withPlan('{}').subarray(0, 40), 'is damaged'],
    ['an ONNX file of others', encodeModel(buildModel({ y: relu(input('x', [1])) })), 'no packmule.plan'],
    ['a plan that is no JSON', withPlan('{'), 'does not describe a network'],
    ['a plan without its parts', withPlan('{"classes":["a"]}'), 'does not describe a network'],
  ])('refuses %s by the name of the file', async (_, content, seen) => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, content);
    const failure = await openPredictor(path).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'CheckpointError', seen: expect.stringContaining(seen) });
    expect((failure as Error).message).toContain(path);
  });
});
