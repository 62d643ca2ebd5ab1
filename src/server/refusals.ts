/** @file What the server answers where it cannot do what it was asked for. */
import { PackmuleError } from '../base/errors.ts';

/** Something that is not there: status 404. */
export class NotFound extends PackmuleError {
  constructor(seen: string) {
    super({ seen, need: 'A name that this review knows', fix: 'Load the page again' });
  }
}

/** A request that cannot be done as it is: status 422. */
export class Unusable extends PackmuleError {}
