/** The data that a federation asks of its participants, and what is learned of them, in words. */

import { type ColumnFacts, categoriesOf } from '../../../../data/dataset.js';
import { pictureShapeOf } from '../../../../data/images/image-dataset.js';
import {
  type AnnotationSettings,
  annotationsOf,
  labelSpec,
  maskSpec,
  NO_CLASS,
} from '../../../../data/images/labels/label-settings.js';
import { pictureFacts } from '../../../../data/images/picture-facts.js';
import type { Meaning } from '../../../../data/meaning.js';
import {
  type ColumnSpecOfTable,
  type TargetSpec,
  tableSpec,
  type ValueSpec,
} from '../../../../data/tables/column-specs.js';
import { learnedNames } from '../../../../protocol/configuration/learned-names.js';
import type { Description } from '../../../../protocol/description.js';
import { classesText } from '../../../../report/text/introduction.js';
import { formatShape } from '../../../../tensor/shape.js';
import type { WantedColumn, WantedData } from '../../state/messages.js';

type Described = Pick<Description, 'configuration' | 'inputs' | 'targets'>;

/** More names of categories are counted. */
const MOST_NAMES = 8;

/** @throws DataError when it is about data that this page cannot read */
export function wantedData(description: Described): WantedData {
  const { data } = description.configuration;
  if (data?.kind === 'table') {
    const { columns, target } = tableSpec(data);
    return { kind: 'table', inputs: columns.map(wantedColumn), targets: targetsOf(target) };
  }
  if (data?.kind === 'arrays') {
    const { inputs, targets } = description;
    return { kind: 'arrays', inputs: inputs.map(wantedArray), targets: targets.map(wantedArray) };
  }
  if (data?.kind === 'text') {
    const { text, label } = data;
    const names = namesText(categoriesOf(description));
    return {
      kind: 'text',
      inputs: [{ name: text, text: 'the text' }],
      targets: [{ name: label, text: names }],
    };
  }
  const annotations = annotationsOf(data);
  const imageShape = annotations && pictureShapeOf(description);
  if (annotations === undefined || imageShape === undefined) {
    const { imageShape, classNames } = pictureFacts(description, 'this page');
    const holds = `with one folder for each class, called as the class, such as “${classNames[0]}”`;
    return { kind: 'pictures', imageShape, byFolders: true, holds };
  }
  return { kind: 'pictures', imageShape, byFolders: false, holds: heldBeside(annotations, description) };
}

/** What a folder of pictures holds beside them. */
function heldBeside({ labels, masks }: AnnotationSettings, description: Described): string {
  if (labels === undefined) {
    const { folder, names, classes } = maskSpec(masks as NonNullable<typeof masks>);
    const values = [...classes].map(
      ([value, number]) => `${value} is ${number === NO_CLASS ? 'no class' : `“${names[number]}”`}`,
    );
    return `with a mask for each in the folder “${folder}”: a picture of the same name and size (PNG), in whose pixels ${values.join(', ')}`;
  }
  const { file, picture, target } = labelSpec(labels);
  const named = `its file name${picture === undefined ? '' : ` (in the column “${picture}”)`}`;
  const table = `with the table “${file}”, which has a row for each: ${named}, and`;
  switch (target.kind) {
    case 'class': {
      const place = target.column === undefined ? '' : ` (in the column “${target.column}”)`;
      return `${table} its class${place}: ${namesText(categoriesOf(description))}`;
    }
    case 'columns':
      return `${table} 0 or 1 in the columns ${target.columns.join(', ')}`;
    case 'list':
      return `${table} its labels, in the column “${target.column}”: any of ${target.names.join(', ')}`;
  }
}

/** "tell 10 classes apart", "predict cost in euros" */
export function purposeOf(description: Described): string {
  const classNames = categoriesOf(description);
  const [one, other] = classNames;
  if (classNames.length === 2) return `tell “${one}” and “${other}” apart`;
  if (classNames.length > 0) return `tell ${classesText(classNames.length)} apart`;
  const { data } = description.configuration;
  const [target] = description.targets;
  if (target?.meaning.kind === 'categories' && annotationsOf(data)?.masks !== undefined)
    return `tell for each pixel what it shows: ${namesText(target.meaning.names)}`;
  const names = learnedNames(description, data);
  if (target?.meaning.kind === 'categories')
    return `tell for each example which labels it has: ${names.join(', ')}`;
  const unit = target?.meaning.kind === 'number' ? target.meaning.unit : undefined;
  return `predict ${names.join(', ')}${unit === undefined ? '' : ` in ${unit}`}`;
}

const wantedColumn = ({ name, value }: ColumnSpecOfTable): WantedColumn => ({ name, text: valueText(value) });

function valueText(value: ValueSpec): string {
  const missing =
    value.missing.length === 0
      ? ''
      : `; ${value.missing.map((word) => `“${word}”`).join(', ')} counts as missing`;
  switch (value.kind) {
    case 'number': {
      const { unit, range } = value;
      const parts = [
        'number',
        ...(unit === undefined ? [] : [unit]),
        ...(range ? [`${range[0]} to ${range[1]}`] : []),
      ];
      return `${parts.join(', ')}${missing}`;
    }
    case 'date':
      return `day, as 2026-12-31${missing}`;
    case 'category':
      return `${namesText(value.names ?? [])}${missing}`;
  }
}

function namesText(names: readonly string[]): string {
  if (names.length > MOST_NAMES) return `one of ${names.length}: ${names.slice(0, MOST_NAMES).join(', ')}, …`;
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

function targetsOf(target: TargetSpec): WantedColumn[] {
  if (target.kind !== 'positive') {
    return (target.kind === 'value' ? [target.column] : target.columns).map(wantedColumn);
  }
  const { column, condition, names } = target;
  const { operator, value } = condition;
  const is = { '=': 'is', '!=': 'is not' }[operator as string] ?? `is ${operator}`;
  return [{ name: column, text: `“${names[1]}” where it ${is} ${value}, otherwise “${names[0]}”` }];
}

const wantedArray = ({ name, shape, meaning }: ColumnFacts): WantedColumn => ({
  name,
  text: `${meaningText(meaning)}${shape.length === 0 ? '' : ` of the shape ${formatShape(shape)}`}`,
});

function meaningText(meaning: Meaning): string {
  switch (meaning.kind) {
    case 'categories':
      return `categories by their numbers from 0: ${namesText(meaning.names)}`;
    case 'number':
      return meaning.unit === undefined ? 'numbers' : `numbers in ${meaning.unit}`;
    case 'tokens':
      return `whole numbers from 0 to ${meaning.vocabulary - 1}`;
    case 'picture':
      return 'bytes of pictures';
    case 'features':
      return 'numbers';
  }
}
