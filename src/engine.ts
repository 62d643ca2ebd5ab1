/**
 * @file The engine on its own: what `import ... from 'packmule/engine'` gives. Symbolic tensors, operators with
 * gradients, losses and optimizers, ONNX files, and sessions that run them.
 */
export { gradient } from './autodiff/gradient.ts';
export { type BuildOptions, buildModel } from './graph/build.ts';
export { customGradient, type GradientRule } from './graph/custom-gradient.ts';
export { decodeModel } from './graph/onnx/decode.ts';
export { encodeModel, encodeModelExternal } from './graph/onnx/encode.ts';
export { readModel, writeModel } from './graph/onnx/file.ts';
export type { OnnxModel } from './graph/onnx/model.ts';
export * from './graph/ops/conv.ts';
export * from './graph/ops/elementwise.ts';
export * from './graph/ops/grid-sample.ts';
export * from './graph/ops/join.ts';
export * from './graph/ops/matmul.ts';
export * from './graph/ops/norm.ts';
export * from './graph/ops/pool.ts';
export * from './graph/ops/reduce.ts';
export * from './graph/ops/reshape.ts';
export * from './graph/ops/resize.ts';
export * from './graph/ops/scatter.ts';
export * from './graph/ops/unary.ts';
export { constant, input, type Operator, scalar, type Tensor } from './graph/tensor.ts';
export {
  constantSource,
  initializeWeights,
  listParameters,
  type ParameterSource,
  type ParameterSpec,
} from './nn/parameters.ts';
export { type UNetConfig, unet } from './nn/unet.ts';
export * from './optim/losses.ts';
export * from './optim/optimizers.ts';
export { packWeights, unpackWeights } from './optim/parameter-vector.ts';
export type { Device } from './runtime/device.ts';
export {
  type ComputeOptions,
  type Feeds,
  openSession,
  type Session,
  type SessionOptions,
} from './runtime/session.ts';
export { type DType, float32, type NdArray } from './tensor/array.ts';
export { buildTrainingStep, openStepRunner, type StepRunner, type TrainingStep } from './training/step.ts';
