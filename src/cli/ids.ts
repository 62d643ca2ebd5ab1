/** @file `packmule ids`: which file stands behind each name in results. */
import { Command } from 'commander';
import { openDataset } from '../dataset/dataset.ts';
import { CONFIG_NAME } from '../pipeline/write-settings.ts';
import { type ActionResult, defineAction } from './action.ts';
import { collect, readSource } from './source.ts';

export function idsCommand(): Command {
  const command = new Command('ids')
    .description(
      'list which file stands behind each name in results: DICOM images are called by salted hashes there (data.ids). Their secret is made where there is none yet',
    )
    .argument('[source]', 'a settings file, or the folder of a data set', CONFIG_NAME)
    .option('--set <key=value>', 'override a setting; may be given again', collect, []);
  return defineAction(
    command,
    ['packmule ids', 'packmule ids data/hands --json', 'packmule ids | grep 3f2a90c1d4e5b607'],
    async (_context, source: string, options: { readonly set: readonly string[] }): Promise<ActionResult> => {
      const { data } = await readSource(source, options.set);
      const { cases } = await openDataset(data);
      const images = cases.map(({ name, split, imagePath, view }) => ({
        name,
        split,
        path: imagePath,
        ...(view?.frame !== undefined && { frame: view.frame + 1 }),
      }));
      const lines = images.map(
        ({ name, path, frame }) => `${name}\t${path}${frame === undefined ? '' : `\timage ${frame}`}`,
      );
      return { text: lines.join('\n'), json: { images } };
    },
  );
}
