/** @file All rows of the table, in its order. */
import { ConfigError } from '../../base/errors.ts';
import { nearestName } from '../../base/suggest.ts';
import type { Method } from '../cell.ts';
import { adaptedFoalPseudoLabels } from './adapted-foal-pseudo-labels.ts';
import { closeUpPseudoLabels } from './close-up-pseudo-labels.ts';
import { foalPseudoLabels } from './foal-pseudo-labels.ts';
import { frozenEncoder } from './frozen-encoder.ts';
import { fullySupervised } from './fully-supervised.ts';
import { initial } from './initial.ts';
import { meanTeacher } from './mean-teacher.ts';
import { meanTeacherLogits } from './mean-teacher-logits.ts';
import { meanTeacherSelection } from './mean-teacher-selection.ts';
import { medSamPseudoLabels } from './medsam-pseudo-labels.ts';
import { nnUnet } from './nnunet.ts';
import { packmule } from './packmule.ts';
import { paper } from './paper.ts';
import { randomWalkerPseudoLabels } from './random-walker-pseudo-labels.ts';
import { rawPseudoLabels } from './raw-pseudo-labels.ts';
import { samPseudoLabels } from './sam-pseudo-labels.ts';
import { samPseudoLabelsOn } from './sam-pseudo-labels-on.ts';
import { selfTraining } from './self-training.ts';
import { selfTrainingAtlasCloseUp } from './self-training-atlas-close-up.ts';
import { selfTrainingCloseUp } from './self-training-close-up.ts';
import { unet } from './unet.ts';
import { unetAtlas } from './unet-atlas.ts';
import { unetAtlasCloseUp } from './unet-atlas-close-up.ts';
import { unetCloseUp } from './unet-close-up.ts';
import { unetFoal } from './unet-foal.ts';
import { unetMedSam } from './unet-medsam.ts';
import { unetRandomWalker } from './unet-random-walker.ts';
import { unetSam } from './unet-sam.ts';

export const METHODS: readonly Method[] = [
  packmule,
  unet,
  unetAtlas,
  unetCloseUp,
  unetAtlasCloseUp,
  unetRandomWalker,
  unetFoal,
  unetSam,
  unetMedSam,
  initial,
  rawPseudoLabels,
  randomWalkerPseudoLabels,
  closeUpPseudoLabels,
  foalPseudoLabels,
  adaptedFoalPseudoLabels,
  samPseudoLabels,
  medSamPseudoLabels,
  samPseudoLabelsOn,
  paper,
  frozenEncoder,
  meanTeacher,
  meanTeacherLogits,
  meanTeacherSelection,
  selfTraining,
  selfTrainingCloseUp,
  selfTrainingAtlasCloseUp,
  nnUnet,
  fullySupervised,
];

/** @throws ConfigError where there is no method of that name. */
export function findMethod(name: string): Method {
  const names = METHODS.map((method) => method.name);
  const found = METHODS.find((method) => method.name === name);
  if (found !== undefined) return found;
  const near = nearestName(name, names);
  throw new ConfigError({
    seen: `There is no method ${name}`,
    need: `Methods are ${names.join(', ')}`,
    fix: near === undefined ? 'Take one of these' : `Did you mean ${near}?`,
  });
}
