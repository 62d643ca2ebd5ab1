/** @file `packmule convert`: annotations from one format to another, saying what is lost. */
import { extname } from 'node:path';
import { Command } from 'commander';
import { writableFormat, writableFormats } from '../annotations/formats.ts';
import type { ImageFinder, WritableFormat } from '../annotations/types.ts';
import { planWriting, writePlanned } from '../annotations/write.ts';
import { ConfigError, PackmuleError } from '../base/errors.ts';
import { type MaskSource, openMaskSource } from '../pipeline/mask-source.ts';
import { type ActionContext, type ActionResult, defineAction } from './action.ts';

interface ConvertOptions {
  readonly to?: string;
  readonly layers?: boolean;
  readonly images?: string;
  readonly classAttribute?: string;
}

export function convertCommand(): Command {
  const command = new Command('convert')
    .description(
      'write annotations, or the refined masks of a run, in another format; says what it cannot hold',
    )
    .argument('<from>', 'an annotation file or folder (its format is recognised), or the folder of a run')
    .argument('<to>', 'the new file or folder')
    .option('--to <format>', 'the format to write; may be left out for .json (coco) and .xml (cvat)')
    .option('--layers', 'write classes that overlap into layers of their own: layer-1, layer-2, ...')
    .option(
      '--images <folder>',
      'the images, for formats that hold them, refer to them or tell their spacing; DICOM files also in folders below it',
    )
    .option('--class-attribute <name>', 'CVAT: the attribute that holds the class, where the label does not')
    .addHelpText('after', `\nFormats:\n${formatLines().join('\n')}`);
  return defineAction(
    command,
    [
      'packmule convert annotations.xml annotations.json',
      'packmule convert runs/teeth for-cvat.xml',
      'packmule convert annotations.json masks --to label-maps --layers',
      'packmule convert predictions/annotations.json segmentations --to dicom-seg --images new',
    ],
    convert,
  );
}

function formatLines(): string[] {
  return writableFormats.map(
    ({ id, name, holds }) => `  ${id.padEnd(13)} ${name}${holds.overlaps ? '' : '; classes may not overlap'}`,
  );
}

async function convert(
  { observer, signal }: ActionContext,
  from: string,
  to: string,
  { to: id, layers = false, images, classAttribute }: ConvertOptions,
): Promise<ActionResult> {
  const format = id === undefined ? formatOfEnding(to) : writableFormat(id);
  const source = await openMaskSource(from, { ...(classAttribute !== undefined && { classAttribute }) });
  const plan = await planWriting(to, source.set, format, layers);
  for (const loss of plan.losses) observer.note(loss);
  const finder = await findImages(source, format, images, observer.note);
  if (format.needsImages === 'pixels' && !source.viewKnown) observer.note(UNKNOWN_VIEW);
  signal.throwIfAborted();
  await writePlanned(plan, finder);
  const { set } = source;
  const masks = set.images.reduce((sum, image) => sum + image.structures.length, 0);
  const paths = plan.parts.map(({ path }) => path);
  return {
    text: `${masks} masks of ${set.classes.length} classes in ${set.images.length} images: ${source.name} to ${format.name}.\nWrote ${paths.join(', ')}`,
    json: {
      from: source.name,
      to: format.id,
      paths,
      images: set.images.length,
      masks,
      classes: set.classes,
      losses: plan.losses,
    },
  };
}

/** The images, where the format has a use for them. Those that tell places alone may be missing, unless they were named. */
async function findImages(
  source: MaskSource,
  { name, needsImages, tellsPlaces }: WritableFormat,
  folder: string | undefined,
  note: (text: string) => void,
): Promise<ImageFinder | undefined> {
  if (needsImages !== undefined || (tellsPlaces && folder !== undefined)) return source.images(folder);
  if (!tellsPlaces) return undefined;
  try {
    const finder = await source.images();
    for (const { fileName } of source.set.images) finder(fileName);
    return finder;
  } catch (error) {
    if (!(error instanceof PackmuleError)) throw error;
    note(
      `${error.seen}: ${name} is written in pixels of 1 mm. With --images FOLDER it has the spacing and place of the images.`,
    );
    return undefined;
  }
}

const UNKNOWN_VIEW =
  'No run tells how these images are to be seen: they are written as their files show them, with burned-in text.';

/** The format that the ending of a file name says, where it says one. */
function formatOfEnding(path: string): WritableFormat {
  const ending = extname(path).toLowerCase();
  const found = writableFormats.find(({ place }) => place === ending);
  if (found !== undefined) return found;
  throw new ConfigError({
    seen: `Nothing says in which format ${path} is to be written`,
    need: `A format: ${writableFormats.map((format) => format.id).join(', ')}`,
    fix: 'Give --to FORMAT',
  });
}
