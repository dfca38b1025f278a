/**
 * Tables of fields from zod schemas: type, bounds, unit and meaning of each, as `.describe()` and
 * `.meta()` say them. A schema with a title has a table of its own, once; others are written into
 * the table of what they are part of.
 */
import { z } from 'zod';

/** What is read of a JSON Schema, and of the meta of ours that comes with it. */
interface Node {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  /** The unit of a number. */
  readonly unit?: string;
  /** What a text looks like, in words. */
  readonly form?: string;
  /** What each name of an enumeration means. */
  readonly values?: Readonly<Record<string, string>>;
  readonly const?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node | boolean;
  readonly prefixItems?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

interface Field {
  readonly path: string;
  readonly node: Node;
  readonly optional: boolean;
}

const nodeOf = (schema: z.ZodType): Node => z.toJSONSchema(schema, { io: 'input' }) as Node;

/**
 * Tables for these schemas and for all titled ones that they are made of, each once, those that are
 * asked for first.
 */
export function schemaTables(schemas: readonly z.ZodType[], known: Set<string> = new Set()): string {
  const queue = schemas.map(nodeOf);
  const sections: string[] = [];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const { title } = node;
    if (title === undefined) throw new Error('a schema that is to have a table has no title');
    if (known.has(title)) continue;
    known.add(title);
    sections.push(section(title, node));
    queue.push(...titledIn(node));
  }
  return sections.join('\n\n');
}

/** Fields that say nothing of what they mean, by their paths. */
export function undescribed(schema: z.ZodType): string[] {
  const missing: string[] = [];
  const seen = new Set<string>();
  const look = (node: Node, path: string) => {
    if (node.title !== undefined) {
      if (seen.has(node.title)) return;
      seen.add(node.title);
    }
    for (const option of optionsOf(node)) {
      for (const { path: name, node: field } of fieldsOf(option)) {
        const isTag = field.const !== undefined;
        if (!isTag && field.description === undefined) missing.push(`${node.title ?? path}.${name}`);
        for (const titled of titledHere(field)) look(titled, `${path}.${name}`);
      }
    }
  };
  look(nodeOf(schema), '');
  return missing;
}

/** As GitHub makes it of a heading. */
export const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

function section(title: string, node: Node): string {
  const head = [`### ${title}`, ...(node.description === undefined ? [] : [node.description])];
  if (node.oneOf === undefined) return [...head, table(node)].join('\n\n');
  const options = node.oneOf.flatMap((option) => {
    const tag = Object.entries(option.properties ?? {}).find(([, field]) => field.const !== undefined);
    const name = tag === undefined ? '' : `\`${tag[0]}: ${JSON.stringify(tag[1].const)}\``;
    const heading = option.description === undefined ? `**${name}**` : `**${name}** ${option.description}`;
    return [heading, ...(fieldsOf(option).length > 1 ? [table(option)] : [])];
  });
  return [...head, ...options].join('\n\n');
}

function table(node: Node): string {
  const rows = fieldsOf(node)
    .filter(({ node: field }) => field.const === undefined || field.description !== undefined)
    .map(({ path, node: field, optional }) => {
      const meaning = [
        ...(field.description === undefined ? [] : [field.description]),
        ...Object.entries(field.values ?? {}).map(([value, means]) => `<br>\`${value}\`: ${means}.`),
      ].join(' ');
      const defaults = field.default === undefined ? '' : `, \`${JSON.stringify(field.default)}\` by default`;
      const may = optional && field.default === undefined ? ', optional' : '';
      return `| \`${path}\` | ${typeOf(field)}${may}${defaults} | ${meaning} |`;
    });
  return ['| Field | Type | Meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Of an object, those of untitled objects in it under their whole path. */
function fieldsOf(node: Node): Field[] {
  return Object.entries(node.properties ?? {}).flatMap(([path, field]) => {
    const optional = !(node.required ?? []).includes(path);
    const here: Field = { path, node: field, optional };
    return [here, ...innerFields(path, field)];
  });
}

function innerFields(path: string, field: Node): Field[] {
  if (field.title !== undefined) return [];
  if (field.properties !== undefined) return below(`${path}.`, field);
  for (const option of [field, ...(field.anyOf ?? [])]) {
    const { items, title, properties } = option;
    if (title === undefined && properties !== undefined) return below(`${path}.`, option);
    if (typeof items !== 'object' || items.title !== undefined) continue;
    if (items.properties !== undefined) return below(`${path}[].`, items);
  }
  return [];
}

const below = (prefix: string, node: Node): Field[] =>
  fieldsOf(node).map((field) => ({ ...field, path: `${prefix}${field.path}` }));

const optionsOf = (node: Node): readonly Node[] => node.oneOf ?? [node];

/** Titled schemas that a node is made of, itself left out. */
const titledIn = (node: Node): Node[] =>
  optionsOf(node).flatMap((option) => fieldsOf(option).flatMap(({ node: field }) => titledHere(field)));

function titledHere(field: Node): Node[] {
  if (field.title !== undefined) return [field];
  const { items, additionalProperties, anyOf = [], prefixItems = [] } = field;
  const parts = [items, additionalProperties, ...anyOf, ...prefixItems];
  return parts.flatMap((part) => (typeof part === 'object' ? titledHere(part) : []));
}

function typeOf(node: Node): string {
  if (node.title !== undefined) return `[${node.title}](#${anchor(node.title)})`;
  const unit = node.unit === undefined ? '' : `, in ${node.unit}`;
  return `${plainType(node)}${unit}`;
}

function plainType(node: Node): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  const options = node.anyOf ?? node.oneOf;
  if (options !== undefined) return options.map(typeOf).join(' or ');
  switch (node.type) {
    case 'integer':
      return `integer${boundsOf(node, true)}`;
    case 'number':
      return `number${boundsOf(node, false)}`;
    case 'string':
      return textType(node);
    case 'array':
      return arrayType(node);
    case 'object':
      return typeof node.additionalProperties === 'object'
        ? `object of name → ${typeOf(node.additionalProperties)}`
        : 'object';
    default:
      return node.type ?? 'anything';
  }
}

function textType({ form, format, maxLength }: Node): string {
  if (form !== undefined) return form;
  if (format === 'date-time') return 'time (ISO 8601, UTC)';
  if (format !== undefined) return `text (${format})`;
  return maxLength === undefined ? 'text' : `text of at most ${grouped(maxLength)} characters`;
}

function arrayType(node: Node): string {
  if (node.prefixItems !== undefined) return `[${node.prefixItems.map(typeOf).join(', ')}]`;
  const { items, minItems = 0, maxItems } = node;
  const least = minItems > 0 ? `, at least ${minItems}` : '';
  const most = maxItems === undefined ? '' : `, at most ${grouped(maxItems)}`;
  return `list of ${typeof items === 'object' ? typeOf(items) : 'anything'}${least}${most}`;
}

function boundsOf(node: Node, whole: boolean): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = node;
  const least = whole && exclusiveMinimum !== undefined ? exclusiveMinimum + 1 : minimum;
  // The largest and smallest safe integers are where numbers end, and no limits of ours.
  const isLimit = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const low = isLimit(least) ? ` ≥ ${least}` : isLimit(exclusiveMinimum) ? ` > ${exclusiveMinimum}` : '';
  const high = isLimit(maximum) ? ` ≤ ${maximum}` : isLimit(exclusiveMaximum) ? ` < ${exclusiveMaximum}` : '';
  return [low, high].filter((bound) => bound !== '').join(',');
}

const grouped = (count: number) => count.toLocaleString('en-US');
