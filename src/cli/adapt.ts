/** @file `packmule adapt`. */
import { Command } from 'commander';
import { defineAction } from './action.ts';
import { addSourceOptions, runUntil, type SourceOptions } from './source.ts';

const ABOUT = `
An atlas of the labelled images, which settles what class a pixel belongs to, is tried on masks that networks drew of
images held out; where it makes these no better, the run goes on without (see refine.atlas).

foal+close-up (the default refiner) is both of these, one after the other:

foal: networks first mask labelled images that they have not seen. A copy of Foal learns to mend such masks, and is
measured on images held out; the adapted model is kept only if it mends them better than Foal as it is shipped, and the run
refines without Foal where neither mends them. It lies in the run's folder adapt/, is what the rest of the run refines with,
and can be named by --model anywhere else. With too few images to hold some out it learns to mend masks that are roughened at
random.

close-up: a network learns how outlines run from close-ups of the labelled structures, in the run's folder close-up/. Copies
that have not seen some images redraw masks of these, Foal's where that comes first; where that makes them no better, the run
goes on without.

sam, where refine.adaptSteps is set: its decoder learns in the same way, from the stored embeddings of the images, while
its encoder stays as it is. Each step asks for four structures of an image, by prompts as the run will make them. The adapted
decoder lies in adapt/ and is used with the model that it was made from; it is kept only if it mends masks better, and masks
stay as they are where neither mends them.`;

export function adaptCommand(): Command {
  const command = addSourceOptions(
    new Command('adapt').description(
      'let atlas and refiner learn from the labelled images (does earlier stages where they are not done)',
    ),
  ).addHelpText('after', ABOUT);
  return defineAction(
    command,
    [
      'packmule adapt',
      'packmule adapt data/teeth --refiner foal --set refine.adaptSteps=800',
      'packmule adapt --refiner sam --model sam-vit-b --set refine.adaptSteps=160',
    ],
    (context, source: string, options: SourceOptions) => runUntil('closeUp', context, source, options),
  );
}
