/** The columns of a description: those of pictures of this shape, with these classes. */
import { factsOf } from '../src/data/dataset.js';
import { imageFacts } from '../src/data/images/image-dataset.js';
import type { Description } from '../src/protocol/description.js';

export function pictureColumns(
  shape: readonly number[],
  classNames: readonly string[],
): Pick<Description, 'inputs' | 'targets'> {
  const { inputs, targets } = imageFacts(shape, classNames);
  return { inputs: inputs.map(factsOf), targets: targets.map(factsOf) };
}
