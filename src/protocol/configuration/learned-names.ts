/**
 * The names of what is learned, where it has parts: the columns of a table's target, the labels of
 * pictures, the labels of an array. A model does not know them; the settings of its run do.
 */
import type { DataFacts } from '../../data/dataset.js';
import { labelNamesOf } from '../../data/images/labels/label-settings.js';
import type { DataSettings } from '../../data/settings.js';
import { tableSpec, targetColumns } from '../../data/tables/column-specs.js';

function namesInSettings(data: DataSettings | undefined): readonly string[] | undefined {
  if (data?.kind === 'table') return targetColumns(tableSpec(data).target);
  if (data?.kind !== 'arrays') return labelNamesOf(data);
  const [target] = Object.values(data.targets);
  return typeof target === 'object' && 'labels' in target ? target.labels.map(String) : undefined;
}

/** Those of the settings, or the names of the targets. */
export const learnedNames = (
  { targets }: Pick<DataFacts, 'targets'>,
  data: DataSettings | undefined,
): readonly string[] => namesInSettings(data) ?? targets.map(({ name }) => name);

/** Of so many parts of a prediction: those of the settings where they fit, or numbered. */
export function namesOfPredicted(
  count: number,
  kind: 'labels' | 'numbers',
  data: DataSettings | undefined,
): readonly string[] {
  const known = namesInSettings(data);
  if (known?.length === count) return known;
  const word = kind === 'labels' ? 'label' : 'prediction';
  return Array.from({ length: count }, (_, at) => (count === 1 ? word : `${word} ${at + 1}`));
}
