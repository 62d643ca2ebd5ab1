/** @file The devices that models run on, by our names. */

/** The best first; every installation has `cpu`. */
export const DEVICES = ['cuda', 'directml', 'coreml', 'webgpu', 'cpu'] as const;

export type Device = (typeof DEVICES)[number];

/**
 * What a device adds to the key of what was computed on it: results differ in their last bits. The CPU adds nothing,
 * so that work from before there was a choice keeps its key.
 */
export function deviceKey(device: Device = 'cpu'): { readonly device?: Device } {
  return device === 'cpu' ? {} : { device };
}

/** ONNX Runtime's name of the execution provider of each device. */
export const PROVIDERS: Readonly<Record<Device, string>> = {
  cuda: 'cuda',
  directml: 'dml',
  coreml: 'coreml',
  webgpu: 'webgpu',
  cpu: 'cpu',
};
