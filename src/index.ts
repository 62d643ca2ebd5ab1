/** @file The library: what `import ... from 'packmule'` gives. */

// Data in and out.
export {
  type AnnotatedImage,
  type AnnotationFormat,
  type AnnotationSet,
  annotationFormats,
  type FormatTraits,
  type FoundImage,
  findImagesIn,
  type ImageFinder,
  planWriting,
  type ReadAnnotationsOptions,
  type ReadableFormat,
  readAnnotations,
  readCvatAttributes,
  type Structure,
  type WritableFormat,
  type WritePlan,
  writableFormat,
  writePlanned,
} from './annotations/index.ts';
export {
  AnnotationError,
  CheckpointError,
  ConfigError,
  DatasetError,
  DeviceError,
  GraphError,
  ImageError,
  NoPictureError,
  PackmuleError,
  RefineError,
  RunError,
  TrainingError,
} from './base/errors.ts';
export type { BoxXyxy, PointXy, Size } from './base/geometry.ts';
export { PACKMULE_VERSION } from './base/version.ts';
export { openCloseUp } from './closeup/predictor.ts';
export { type CheckedDataset, type CheckOptions, checkDataset, type Problem } from './dataset/check.ts';
export type { DataConfig, DataConfigInput } from './dataset/config.ts';
export { openDataset } from './dataset/dataset.ts';
export { type FolderInspection, inspectFolder } from './dataset/inspect.ts';
export {
  holdOut,
  type InstanceCase,
  readInstanceCase,
  readInstanceFolder,
} from './dataset/instances/folder.ts';
export { folderSource, mixSources, sceneSource } from './dataset/instances/sources.ts';
export type { InstanceImage, InstanceSource } from './dataset/instances/types.ts';
export { generatePhantom, type Phantom, type PhantomOptions } from './dataset/phantom/generate.ts';
export { type PhantomDatasetOptions, writePhantomDataset } from './dataset/phantom/write.ts';
export { generateScene, type Scene, type SceneOptions } from './dataset/scenes/generate.ts';
export { computeStatistics, type DatasetStatistics } from './dataset/statistics.ts';
export { type Case, casesOf, type Dataset, type SplitName } from './dataset/types.ts';
// Figures.
export type { Evaluation } from './evaluate/evaluation.ts';
export { compareEvaluations, type EvaluateOptions, evaluateSet } from './evaluate/summary.ts';
export type { Image } from './imaging/image.ts';
export { readImage } from './imaging/read.ts';
export type { ReadImageOptions } from './imaging/reader.ts';
export { writeGreyPng, writeMaskPng } from './imaging/write.ts';
// Devices.
export { type ChooseOptions, chooseDevice, type DeviceChoice, type DeviceSetting } from './machine/choose.ts';
export type { Machine } from './machine/devices.ts';
export type { ClassMask, Mask } from './masks/mask.ts';
export { decodeRle, encodeRle, type Rle } from './masks/rle.ts';
// Promptable models by name.
export { type ModelEnvironment, thisEnvironment } from './models/environment.ts';
export { type PullObserver, type PullOptions, pullModel } from './models/pull.ts';
export { findModel, MODELS, type ModelEntry } from './models/registry.ts';
// A whole run.
export { type RunConfig, type RunConfigInput, runSchema } from './pipeline/config.ts';
export { describeConfig } from './pipeline/describe-config.ts';
export { type ConfigOverrides, loadConfig, resolveConfig } from './pipeline/load-config.ts';
export { type SelectedClassMask, type SelectionSettings, selectedMasks } from './pipeline/network-masks.ts';
export { type RunObserver, type StageName, silentObserver } from './pipeline/observer.ts';
export { type PredictedImages, type PredictImagesOptions, predictImages } from './pipeline/predict-images.ts';
export { type LastStage, type RunOptions, type RunOutcome, runPipeline } from './pipeline/run.ts';
export { type RunDirectory, runDirectory } from './pipeline/run-directory.ts';
export type { Shard } from './pipeline/shard.ts';
export type { RunContext, StageOutcome } from './pipeline/stage.ts';
export type { RunEvaluation } from './pipeline/stages/evaluate.ts';
// Refinement.
export type { CloseUpModel } from './refine/close-up-refiner.ts';
export type { Evidence, NetworkEvidence, RefinerEvidence } from './refine/evidence.ts';
export { createRefiner, type RefinerDependencies } from './refine/index.ts';
export type { InitialMask, RefineContext, RefinedMask, Refiner } from './refine/refiner.ts';
export { type RefineSettings, type RefineSettingsInput, refineSettingsSchema } from './refine/settings.ts';
export type { ReportData } from './report/data.ts';
export { renderReport } from './report/report.ts';
export type { Device } from './runtime/device.ts';
export type { ComputeOptions } from './runtime/session.ts';
export { loadSamCheckpoint, type SamCheckpoint } from './sam/checkpoint.ts';
export { type PredictorOptions, SamPredictor } from './sam/predictor.ts';
export type {
  DecodeOptions,
  EncodedImage,
  MaskPrediction,
  MaskPrompt,
  PromptableModel,
  PromptPoint,
} from './sam/promptable.ts';
export { imageKey, segmentImage } from './sam/segment.ts';
export { type EmbeddingStore, openEmbeddingStore } from './sam/store.ts';
// Networks.
export { planTraining, type TrainingPlan } from './training/plan.ts';
export { openPredictor, type Predictor, probabilitiesToMasks } from './training/predictor.ts';
export { type TrainingSettings, trainingSchema } from './training/settings.ts';
export { type TrainOptions, trainNetwork } from './training/train.ts';
export type { EpochLog, Head, NetworkPlan, ProbabilityMaps, TrainingSample } from './training/types.ts';
// Trust.
export { type FittedTrust, fitTrust, type TrustModel, type TrustPair, trustOf } from './trust/model.ts';
export { type Reliability, reliabilityOf } from './trust/reliability.ts';
