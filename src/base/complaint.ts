/** Says what is wrong with a configuration: which field, what was expected, and what it is. */
import { z } from 'zod';
import { excerpt } from './excerpt.js';
import { nearestName } from './nearest-name.js';

export interface Complaint {
  /** `"local.threshold" is 1.2, expected a number from 0 to 1` */
  readonly message: string;
  readonly hint: string | undefined;
}

/** The part of a JSON Schema that this module reads. */
interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/**
 * The most helpful complaint: an unknown name comes before a missing field. An issue of our own
 * (`custom`) gives its value and what was expected, and may have a `hint` among its parameters. An
 * issue whose message begins with "expected" gets its value here.
 */
export function complaintOf(schema: z.ZodType, value: unknown, error: z.ZodError): Complaint {
  const issue = error.issues.find(({ code }) => code === 'unrecognized_keys') ?? error.issues[0];
  const path = issue?.path.map(String) ?? [];
  const field = path.length === 0 ? 'the configuration' : `"${path.join('.')}"`;
  const saysExpectedOnly = issue?.message.startsWith('expected') === true;
  if (issue?.code === 'custom' && !saysExpectedOnly)
    return { message: `${field} ${issue.message}`, hint: issue.params?.hint };
  const root = z.toJSONSchema(schema, { io: 'input' }) as SchemaNode;
  const node = nodeAt(root, path, value);
  if (issue?.code === 'unrecognized_keys') {
    return unknownName(path, issue.keys[0] ?? '', Object.keys(node?.properties ?? {}));
  }
  const got = valueAt(value, path);
  const state = got === undefined ? 'is missing' : `is ${excerpt(got)}`;
  const nearest = typeof got === 'string' ? nearestName(got, allNamesOf(node)) : undefined;
  const expected =
    saysExpectedOnly || node === undefined
      ? (issue?.message ?? 'something else')
      : (tooLong(node, got) ?? `expected ${describe(node)}`);
  return {
    message: `${field} ${state}, ${expected}`,
    hint: nearest === undefined ? undefined : `did you mean "${nearest}"?`,
  };
}

function unknownName(path: readonly string[], key: string, known: readonly string[]): Complaint {
  const nearest = nearestName(key, known);
  const full = (name: string) => [...path, name].join('.');
  return {
    message: `"${full(key)}" is unknown, expected ${oneOf(known)}`,
    hint: nearest === undefined ? undefined : `did you mean "${full(nearest)}"?`,
  };
}

/** The schema of a field; among several alternatives, the one that the value names. */
function nodeAt(root: SchemaNode, path: readonly string[], value: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = alternative(root, value);
  let inner = value;
  for (const key of path) {
    inner = valueAt(inner, [key]);
    const next: SchemaNode | undefined =
      node?.type === 'array'
        ? node.items
        : (node?.properties?.[key] ?? discriminator(node, key) ?? anyProperty(node));
    node = next && alternative(next, inner);
  }
  return node;
}

/** An object that names no known alternative keeps the list of them. */
function alternative(node: SchemaNode, value: unknown): SchemaNode {
  const key = discriminatorOf(node);
  const name = valueAt(value, [key]);
  return node.oneOf?.find((option) => option.properties?.[key]?.const === name) ?? node;
}

/** Most alternatives are known by a name, some by a kind. */
const discriminatorOf = ({ oneOf = [] }: SchemaNode) =>
  oneOf.some(({ properties }) => properties?.kind?.const !== undefined) ? 'kind' : 'name';

/** The schema of every value of a record. */
const anyProperty = (node: SchemaNode | undefined) =>
  typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;

/** The names of the alternatives in a list. */
function discriminator(node: SchemaNode | undefined, key: string): SchemaNode | undefined {
  const names = node?.oneOf?.map((option) => option.properties?.[key]?.const);
  return names && { enum: names };
}

function describe(node: SchemaNode): string {
  const names = namesOf(node);
  if (names.length > 0) return oneOf(names);
  if (node.anyOf !== undefined) return node.anyOf.map(describe).join(' or ');
  if (node.oneOf !== undefined) {
    const key = discriminatorOf(node);
    return `settings with a "${key}", one of ${namesOf(discriminator(node, key)).join(', ')}`;
  }
  if (node.const !== undefined) return JSON.stringify(node.const);
  switch (node.type) {
    case 'number':
      return `a number${rangeOf(node)}`;
    case 'integer':
      return `a whole number${rangeOf(node)}`;
    case 'string':
      return (node.minLength ?? 0) > 0 ? 'a text that is not empty' : 'a text';
    case 'boolean':
      return 'true or false';
    case 'array':
      return `a list of ${(node.minItems ?? 0) > 0 ? 'at least one of ' : ''}${describe(node.items ?? {})}`;
    case 'object':
      return `settings such as ${Object.keys(node.properties ?? {}).join(', ')}`;
    default:
      return 'something else';
  }
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SchemaNode): string {
  // The largest safe integer is the end of numbers, not a limit of the setting.
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const low = minimum !== undefined ? ` from ${minimum}` : undefined;
  const above = exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : undefined;
  const high = most !== undefined ? ` to ${most}` : undefined;
  const below = exclusiveMaximum !== undefined ? ` below ${exclusiveMaximum}` : undefined;
  return `${low ?? above ?? ''}${high ?? below ?? ''}`;
}

/** Says that a list or text is too long, but only if it is. */
function tooLong({ anyOf = [], ...node }: SchemaNode, got: unknown): string | undefined {
  for (const { maxItems = Infinity, maxLength = Infinity } of [node, ...anyOf]) {
    if (Array.isArray(got) && got.length > maxItems) return `expected at most ${maxItems} of them`;
    if (typeof got === 'string' && got.length > maxLength) return `expected at most ${maxLength} characters`;
  }
  return undefined;
}

function namesOf(node: SchemaNode | undefined): string[] {
  return (node?.enum ?? []).filter((name) => typeof name === 'string');
}

/** … and those that stand beside other alternatives. */
const allNamesOf = (node: SchemaNode | undefined): string[] => [
  ...namesOf(node),
  ...(node?.anyOf ?? []).flatMap(namesOf),
];

const oneOf = (names: readonly string[]) => `one of ${names.join(', ')}`;

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}
