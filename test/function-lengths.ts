/** How many lines each function of a module has, from its first to its last. */
import { parseSync } from 'vite';

export interface FunctionLength {
  /** `src/merge/strategy.ts:12 merge`; of a function without a name, the name of what holds it. */
  readonly where: string;
  readonly lines: number;
}

const functionTypes: ReadonlySet<unknown> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
]);

/** @throws when the text is no TypeScript */
export function functionLengths(file: string, text: string): FunctionLength[] {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const linesIn = (start: number, end: number) => text.slice(start, end).split('\n').length;
  const found: FunctionLength[] = [];
  walk(program, undefined);
  return found;

  function walk(node: unknown, holder: string | undefined): void {
    if (Array.isArray(node)) for (const each of node) walk(each, holder);
    else if (isNode(node)) {
      const name = nameOf(node) ?? holder;
      if (functionTypes.has(node.type)) {
        const where = `${file}:${linesIn(0, node.start)} ${name}`;
        found.push({ where, lines: linesIn(node.start, node.end) });
      }
      for (const child of Object.values(node))
        if (child !== null && typeof child === 'object') walk(child, name);
    }
  }
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value;

function nameOf(node: object): string | undefined {
  for (const part of ['id', 'key'] as const) {
    const named = (node as Record<string, unknown>)[part];
    if (isNode(named) && 'name' in named) return String(named.name);
  }
  return undefined;
}
