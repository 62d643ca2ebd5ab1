/**
 * @file Evidence: the numbers about a refined mask from which its trust is made. None needs a ground truth.
 *
 * Three kinds: what the network said, how firmly the refiner stands by its answer, and whether size and place are
 * usual for the class and no other class claims the same pixels. The last kind is for the commonest error where
 * structures stand in rows: one that is given its neighbour's name.
 */

/** To be raised when a refiner gathers other numbers: trust is learnt from them, and must not mix old and new ones. */
export const EVIDENCE_REVISION = 3;

/** What the network's maps say about an initial mask. */
export interface NetworkEvidence {
  /** Probability mass of the kept components as a share of that of all pixels predicted for the class, (0, 1]. */
  readonly componentShare: number;
  /** Mean over the mask of the probability of its class less that of the likeliest other class, [-1, 1]. */
  readonly margin: number;
}

/** How firmly the refiner stands by its answer; what it cannot tell is left out. */
export interface RefinerEvidence {
  /** Dice of the refiner's answer and the initial mask, [0, 1]; 0 where it had none and the initial mask was kept. */
  readonly agreement: number;
  /** Mean Dice of the answer and the answers to disturbed prompts, [0, 1]. */
  readonly stability?: number;
  /** IoU of the masks at one unit of log odds above and below the threshold, [0, 1] (SAM's stability score). */
  readonly thresholdStability?: number;
  /** Mean Dice of the chosen or single mask and the other candidates of a promptable model, [0, 1]. */
  readonly candidateAgreement?: number;
  /** The model's own estimate of the IoU, [0, 1]. */
  readonly predictedIou?: number;
}

export interface Evidence extends RefinerEvidence, Partial<NetworkEvidence> {
  /** Mean probability of the class over the initial mask, [0, 1]. */
  readonly confidence: number;
  /** Mean confidence of all masks of the image, [0, 1]. */
  readonly imageConfidence: number;
  /** Share of the refined mask that refined masks of other classes cover, [0, 1]. */
  readonly overlap: number;
  /** Share of the labelled images that show the class, [0, 1]. */
  readonly frequency: number;
  /** Logarithm of the area, in deviations from the class's mean. Absent for a class without a labelled example. */
  readonly areaDeviation?: number;
  /** Distance of the centre from the class's usual place in the aligned image, in deviations, from 0 on. */
  readonly placeDeviation?: number;
  /**
   * d / (d + e), [0, 1], with the distances d to the usual place of the own class and e to the nearest usual place of
   * another: above one half the mask lies where another class belongs.
   */
  readonly rivalry?: number;
}
