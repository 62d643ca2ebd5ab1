/**
 * @file Which classes change places when an image is flipped left to right, where the names of the classes say so.
 *
 * Two namings are understood, and only where every class has its twin in the list: tooth numbers of FDI (ISO 3950:
 * quadrants 1 and 2, 3 and 4, and of milk teeth 5 and 6, 7 and 8 are mirror images), and names with the word left or
 * right. Anything less certain is left to the user.
 */
const FDI_NAME = /^([1-4][1-8]|[5-8][1-5])$/;
const MIRRORED_QUADRANT: Readonly<Record<string, string>> = {
  '1': '2',
  '2': '1',
  '3': '4',
  '4': '3',
  '5': '6',
  '6': '5',
  '7': '8',
  '8': '7',
};
const SIDE = /(?<![a-z])(left|right)(?![a-z])/i;

/** The name of the structure on the other side, or undefined where the name tells no side. */
function twinOf(name: string): string | undefined {
  if (FDI_NAME.test(name)) return `${MIRRORED_QUADRANT[name[0]!]}${name[1]}`;
  if (!SIDE.test(name)) return undefined;
  return name.replace(SIDE, (word) => {
    const other = word.toLowerCase() === 'left' ? 'right' : 'left';
    if (word === word.toUpperCase()) return other.toUpperCase();
    return word[0] === word[0]!.toUpperCase() ? other[0]!.toUpperCase() + other.slice(1) : other;
  });
}

/** Pairs of class indices, each pair once; undefined unless every class has its twin in the list. */
export function mirroredPairsByName(classes: readonly string[]): [number, number][] | undefined {
  const twins = classes.map((name) => classes.indexOf(twinOf(name) ?? ''));
  if (classes.length === 0 || twins.includes(-1)) return undefined;
  return twins.flatMap((twin, index): [number, number][] => (index < twin ? [[index, twin]] : []));
}
