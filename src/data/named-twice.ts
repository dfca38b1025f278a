/** Whether settings of data name something twice: a column, an array, or a category. */
import type { Complaint } from '../base/complaint.js';
import { canonicalName, repeatedName } from '../base/names.js';
import type { DataSettings } from './settings.js';

/** Names in one place of the settings, as it is called there. */
type Named = readonly [field: string, names: readonly string[]];

/** Two spellings of Unicode are one name. */
export function namedTwice(data: DataSettings): Complaint | undefined {
  for (const [field, names] of [...lists(data), ...withTargets(data)]) {
    const repeated = repeatedName(names.map((name) => name.trim()));
    if (repeated === undefined) continue;
    return {
      message: `"data.${field}" has "${canonicalName(repeated.again)}" twice, expected each name once`,
      hint: 'leave one of them out; two spellings of Unicode are one name',
    };
  }
  return undefined;
}

/** Lists in which each name is to be once. */
function lists(data: DataSettings): readonly Named[] {
  switch (data.kind) {
    case 'table':
      return [...categoriesIn('columns', data.columns), ...categoriesIn('target', { '': data.target })];
    case 'arrays':
      return [...categoriesIn('inputs', data.inputs), ...categoriesIn('targets', data.targets)];
    case 'text':
      return categoriesIn('classes', { '': data.classes });
    case 'pictures': {
      const { labels, masks } = data;
      const classes = masks?.classes ?? [];
      return [
        ...(typeof labels === 'object' ? categoriesIn('labels', { '': labels }) : []),
        ['masks.classes', Array.isArray(classes) ? classes : Object.keys(classes)],
      ];
    }
  }
}

/** What is learned cannot be an input, too: it would be known. */
function withTargets(data: DataSettings): readonly Named[] {
  if (data.kind === 'pictures') return [];
  if (data.kind === 'text') return [['label', [data.text, data.label]]];
  if (data.kind === 'arrays') {
    const inputs = Object.keys(data.inputs);
    return [
      ['inputs', inputs],
      ['targets', [...inputs, ...Object.keys(data.targets)]],
    ];
  }
  const inputs = Object.keys(data.columns);
  const { target } = data;
  return [
    ['columns', inputs],
    ['target', [...inputs, ...('columns' in target ? target.columns : [target.column])]],
  ];
}

/** Where the settings of a column list its names. */
const NAMES = ['classes', 'category', 'labels', 'names', 'columns'] as const;

function categoriesIn(field: string, columns: Readonly<Record<string, unknown>>): readonly Named[] {
  return Object.entries(columns).flatMap(([name, setting]) => {
    const place = name === '' ? field : `${field}.${name}`;
    if (Array.isArray(setting)) return [[place, setting.map(String)] as const];
    if (typeof setting !== 'object' || setting === null) return [];
    return NAMES.flatMap((key) => {
      const names: unknown = Reflect.get(setting, key);
      return Array.isArray(names) ? [[`${place}.${key}`, names.map(String)] as const] : [];
    });
  });
}
