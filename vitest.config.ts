import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // ONNX Runtime sessions use two threads each; more workers than that only fight over the cores.
    pool: 'forks',
    maxWorkers: 2,
  },
});
