/** @file The small models of MobileSAM and SAM-HQ with the outputs of the original code; see test/reference. */
import { fileURLToPath } from 'node:url';
import { loadSamCheckpoint } from '../../src/sam/checkpoint.ts';
import { SamPredictor } from '../../src/sam/predictor.ts';
import { readPth } from '../../src/tensor/pth.ts';

export type Fixture = 'mobile-sam' | 'sam-hq-vit' | 'sam-hq-tiny';

/** The path of a fixture, or of a file in it. */
export function fixturePath(name: Fixture, ...file: readonly [] | readonly [string]): string {
  return fileURLToPath(new URL(['../reference/fixtures', name, ...file].join('/'), import.meta.url));
}

/** All tensors of its checkpoint. */
export const fixtureTensors = (name: Fixture): ReturnType<typeof readPth> =>
  readPth(fixturePath(name, 'model.pth'));

/** The small MobileSAM as what a page asks for smart edit. */
export const smallRoomModel = {
  label: 'mobile-sam',
  open: async () => new SamPredictor(await loadSamCheckpoint(fixturePath('mobile-sam', 'model.pth'))),
};
