import { join } from 'node:path';
import { defineConfig } from 'vite';

/** The pages are served under addresses that nobody knows beforehand, so all of their own addresses are relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: {
    outDir: '../dist/app',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    rolldownOptions: {
      input: ['index.html', 'start.html'].map((page) => join(import.meta.dirname, page)),
    },
  },
});
