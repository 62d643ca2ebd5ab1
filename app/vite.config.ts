import { defineConfig } from 'vite';

/** The page is served under an address that nobody knows beforehand, so all of its own addresses are relative. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: { outDir: '../dist/app', emptyOutDir: true, target: 'es2023', modulePreload: false },
});
