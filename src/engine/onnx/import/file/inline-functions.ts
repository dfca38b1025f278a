/**
 * Puts the nodes of a file's own functions where they are called, as the specification says: names
 * inside get the caller's as a prefix, and attributes that refer to the caller's take their values.
 */
import { type ForeignAttribute, type ForeignNode, refuseNode } from './foreign-model.js';
import { OnnxError } from './read-message.js';

export interface FunctionBody {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly ForeignNode[];
  readonly defaults: ReadonlyMap<string, ForeignAttribute>;
}

const DEEPEST = 20;
/** As many as a graph may have without functions. */
const MOST = 100_000;

/** @throws OnnxError when functions call each other in a circle, or make too many nodes */
export function inlineFunctions(
  nodes: readonly ForeignNode[],
  functions: ReadonlyMap<string, FunctionBody>,
  what: string,
): readonly ForeignNode[] {
  if (functions.size === 0) return nodes;
  const result: ForeignNode[] = [];
  let calls = 0;

  function add(node: ForeignNode, depth: number): void {
    const body = functions.get(node.operator);
    if (body === undefined) {
      if (result.push(node) > MOST) {
        throw new OnnxError(`onnx: ${what} has more than ${MOST} nodes, expected fewer`);
      }
      return;
    }
    if (depth > DEEPEST || ++calls > MOST) {
      refuseNode(node, `calls functions within functions, expected at most ${DEEPEST} levels`);
    }
    const prefix = `${node.name === '' ? node.outputs[0] : node.name}/${calls}/`;
    const names = new Map<string, string>();
    for (const [index, input] of body.inputs.entries()) names.set(input, node.inputs[index] ?? '');
    const given = new Map(names);
    for (const [index, output] of body.outputs.entries()) {
      const name = node.outputs[index];
      if (name !== undefined && name !== '' && !given.has(output)) names.set(output, name);
    }
    const renamed = (name: string) => (name === '' ? '' : (names.get(name) ?? `${prefix}${name}`));
    for (const inner of body.nodes) {
      add(
        {
          name: `${prefix}${inner.name}`,
          operator: inner.operator,
          inputs: inner.inputs.map(renamed),
          outputs: inner.outputs.map(renamed),
          attributes: resolved(inner.attributes, node, body),
        },
        depth + 1,
      );
    }
    // A function may return an input as it is.
    for (const [index, output] of body.outputs.entries()) {
      const name = node.outputs[index];
      const source = given.get(output);
      if (name === undefined || name === '' || source === undefined) continue;
      result.push({
        name: prefix,
        operator: 'Identity',
        inputs: [source],
        outputs: [name],
        attributes: new Map(),
      });
    }
  }

  for (const node of nodes) add(node, 0);
  return result;
}

function resolved(
  attributes: ReadonlyMap<string, ForeignAttribute>,
  caller: ForeignNode,
  { defaults }: FunctionBody,
): ReadonlyMap<string, ForeignAttribute> {
  const values = new Map<string, ForeignAttribute>();
  for (const [name, attribute] of attributes) {
    const { reference } = attribute;
    const value =
      reference === undefined ? attribute : (caller.attributes.get(reference) ?? defaults.get(reference));
    // What nobody gives is left to the operator's default.
    if (value !== undefined) values.set(name, value);
  }
  return values;
}
