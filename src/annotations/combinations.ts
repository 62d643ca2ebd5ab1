/**
 * @file Overlapping classes in one label map: every combination of classes that occurs on a pixel gets a number of its
 * own. The first numbers, 1 to C, are the classes alone, so that without overlaps this is a plain label map.
 */
import { decodeRle } from '../masks/rle.ts';
import type { AnnotatedImage } from './types.ts';

export class Combinations {
  /** Class indices, ascending, of each number; 0 is none. */
  readonly classesOf: number[][];
  /** `next[number]`: the number of that combination with one class more, by class index. */
  private readonly next: Map<number, number>[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(classCount: number) {
    this.classesOf = [[], ...Array.from({ length: classCount }, (_, classIndex) => [classIndex])];
    this.classesOf.forEach((classes, number) => {
      this.numbers.set(classes.join(), number);
    });
  }

  /** The numbers of an image's pixels, row-major; its structures are in class order. */
  label({ width, height, structures }: AnnotatedImage): Uint32Array {
    const labels = new Uint32Array(width * height);
    for (const { classIndex, rle } of structures) {
      const mask = decodeRle(rle).data;
      for (let i = 0; i < mask.length; i++) {
        if (mask[i] === 1) labels[i] = this.add(labels[i]!, classIndex);
      }
    }
    return labels;
  }

  private add(number: number, classIndex: number): number {
    this.next[number] ??= new Map();
    const known = this.next[number].get(classIndex);
    if (known !== undefined) return known;
    const classes = [...this.classesOf[number]!, classIndex];
    const key = classes.join();
    const found = this.numbers.get(key) ?? this.classesOf.push(classes) - 1;
    this.numbers.set(key, found);
    this.next[number].set(classIndex, found);
    return found;
  }
}
