/** @file What the server answers where it cannot do what it was asked for. */
import { PackmuleError } from '../base/errors.ts';

/** Something that is not there: status 404. */
export class NotFound extends PackmuleError {
  constructor(seen: string, fix = 'Load the page again') {
    super({ seen, need: 'A name that this server knows', fix });
  }
}

/** A request that cannot be done as it is: status 422. */
export class Unusable extends PackmuleError {}
