/** Tries a model of a table on a row that the user enters. */

import { categoriesOf } from '../../../../data/dataset.js';
import {
  type ColumnSpecOfTable,
  type TableSettings,
  tableSpec,
} from '../../../../data/tables/column-specs.js';
import { columnsOfModel, readsTable } from '../../../../data/tables/model-columns.js';
import type { ModelDescription } from '../../../../engine/nn/model-file.js';
import { namesOfPredicted } from '../../../../protocol/configuration/learned-names.js';
import { sizeOf } from '../../../../tensor/shape.js';
import { f32Tensor } from '../../../../tensor/tensor.js';
import type { RowField, RowTrial } from '../../state/messages.js';
import type { Trying } from './trying.js';

/** An input of the exported model, for a column of the table. */
interface CellInputOfModel {
  readonly name: string;
  readonly feature: { readonly name: string; readonly kind: 'number' | 'category' };
}

/**
 * Undefined if the model does not read rows of a table.
 * @param settings they say more about columns than the model does, where they are known
 */
export function triedRows(
  description: ModelDescription,
  settings: TableSettings | undefined,
  inputs: () => readonly CellInputOfModel[],
): Trying<RowTrial> | undefined {
  if (!readsTable(description.inputs)) return undefined;
  return {
    facts: {
      kind: 'row',
      fields: inOrder(columnsOfModel(description.inputs, settings), settings).map(rowField),
      ...answerOf(description, settings),
    },
    async feeds(example) {
      if (!('cells' in example)) throw new Error('internal: the model reads rows');
      const { cells } = example;
      const fed = inputs().map(({ name, feature }) => {
        const cell = cells[feature.name];
        return feature.kind === 'number'
          ? [name, f32Tensor(Float32Array.of(Number(cell ?? Number.NaN)), [1])]
          : [name, { dtype: 'text', shape: [1], data: [String(cell ?? '')] }];
      });
      return { feeds: Object.fromEntries(fed) };
    },
  };
}

/** In the order in which the settings name them; a model has numbers before categories. */
function inOrder(
  columns: readonly ColumnSpecOfTable[],
  settings: TableSettings | undefined,
): readonly ColumnSpecOfTable[] {
  if (settings === undefined) return columns;
  const places = new Map(tableSpec(settings).columns.map(({ name }, place) => [name, place]));
  const placeOf = ({ name }: ColumnSpecOfTable) => places.get(name) ?? places.size;
  return columns.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function rowField({ name, value }: ColumnSpecOfTable): RowField {
  if (value.kind === 'category') {
    return { name, kind: 'category', unit: undefined, range: undefined, names: value.names ?? [] };
  }
  const { unit, range } = value.kind === 'number' ? value : {};
  return { name, kind: value.kind === 'date' ? 'day' : 'number', unit, range, names: [] };
}

export function answerOf(
  description: ModelDescription,
  settings: TableSettings | undefined,
): Pick<RowTrial, 'answer' | 'names' | 'unit'> {
  const names = categoriesOf(description);
  if (names.length > 0) return { answer: 'classes', names, unit: undefined };
  const [target] = description.targets;
  const answer = target?.meaning.kind === 'categories' ? 'labels' : 'numbers';
  return {
    answer,
    names: namesOfPredicted(sizeOf(target?.shape ?? []), answer, settings),
    unit: target?.meaning.kind === 'number' ? target.meaning.unit : undefined,
  };
}
