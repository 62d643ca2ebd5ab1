import { describe, expect, it } from 'vitest';
import { createRate } from '../../src/models/rate.ts';
import { DEFAULT_MODEL, findModel, MODELS, similarModel } from '../../src/models/registry.ts';

describe('the registry', () => {
  it('has names and files of their own, whole hashes, and https', () => {
    expect(new Set(MODELS.map(({ name }) => name)).size).toBe(MODELS.length);
    expect(new Set(MODELS.map(({ file }) => file)).size).toBe(MODELS.length);
    expect(new Set(MODELS.map(({ sha256 }) => sha256)).size).toBe(MODELS.length);
    for (const { name, file, bytes, sha256, sources, isShipped } of MODELS) {
      expect(name).toMatch(/^[a-z0-9-]+$/);
      expect(file).toMatch(/^[\w.-]+\.(pth|pt|bin|safetensors)$/);
      expect(bytes).toBeGreaterThan(1e6);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(sources.length > 0).toBe(!isShipped);
      for (const source of sources) if (typeof source === 'string') expect(source).toMatch(/^https:\/\//);
    }
  });

  it('finds by name, and what was meant', () => {
    expect(findModel(DEFAULT_MODEL)?.name).toBe('sam-vit-b');
    expect(findModel('sam')).toBeUndefined();
    expect(similarModel('SAM_ViT_H')).toBe('sam-vit-h');
    expect(similarModel('resnet')).toBeUndefined();
  });
});

describe('createRate', () => {
  it('tells the growth over the last seconds', () => {
    let time = 0;
    const rate = createRate(() => time);
    expect(rate(0)).toBeUndefined();
    time = 1000;
    expect(rate(500)).toBe(500);
    for (let second = 2; second <= 30; second++) {
      time = second * 1000;
      rate(500 + (second - 1) * 100);
    }
    expect(rate(3400)).toBeCloseTo(100);
  });

  it('forgets what was before a new start', () => {
    let time = 0;
    const rate = createRate(() => time);
    rate(0);
    time = 1000;
    rate(9000);
    time = 2000;
    expect(rate(0)).toBeUndefined();
    time = 3000;
    expect(rate(700)).toBe(700);
  });
});
