/** @file Parameter names within a part of a model. */
import type { ParameterSource } from './parameters.ts';

/** The same source with `prefix` before every name. */
export function scoped(source: ParameterSource, prefix: string): ParameterSource {
  return (name, shape, initializer) => source(prefix + name, shape, initializer);
}
