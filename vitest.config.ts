import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // For what hangs: how fast the machine and its disk are is nobody's defect.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // ONNX Runtime sessions use two threads each; more workers than that only fight over the cores.
    pool: 'forks',
    maxWorkers: 2,
  },
});
