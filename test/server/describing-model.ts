/** @file A model that tells images apart by the sum of their pixels, and draws as the fake one does. */
import type { ModelSource } from '../../src/server/smart-edit.ts';
import { fakeModel } from '../refine/fake-model.ts';

export const describingModel: ModelSource = {
  label: 'fake',
  open: async () => ({
    ...fakeModel(),
    encode: async ({ height, width, data }) => ({
      size: { height, width },
      data: Array.from(data).reduce((sum, value) => sum + value, 0),
    }),
    describe: ({ data }) => Float32Array.of(data as number),
    close: async () => undefined,
  }),
};
