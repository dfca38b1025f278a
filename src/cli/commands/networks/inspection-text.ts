/** An inspection for a terminal. */
import { byteSize, count, plural } from '../../../report/numbers.js';
import { textTable, wrapped } from '../../../report/text-table.js';
import { describeColumn } from '../../../tensor/column-spec.js';
import { formatShape, sizeOf } from '../../../tensor/shape.js';
import type { InspectedTensor, Inspection } from './inspection.js';

export function inspectionText(path: string, inspection: Inspection, width: number): string {
  const { producer, opset, irVersion, inputs, output, operators, tensors, head, tasks, notes } = inspection;
  const facts: (readonly [string, string])[] = [
    ['written by', `${producer}, opset ${opset}, IR version ${irVersion}`],
    ['inputs', inputs.map(describeColumn).join(', ')],
    ['output', `${output.name} f32${formatShape(output.shape)}${cutText(output.cut)}`],
    ['tasks', tasks.join(' or ') || 'none that takes such an output'],
    ['last layer', head.join(', ') || 'no product with weights'],
    [
      'operators',
      Object.entries(operators)
        .map(([name, number]) => `${name} ${number}`)
        .join(', '),
    ],
    ['parameters', parametersText(tensors)],
    ...trainingFacts(inspection),
  ];
  const label = Math.max(...facts.map(([name]) => name.length)) + 2;
  return [
    path,
    ...facts.map(([name, text]) => wrapped(`${name.padEnd(label)}${text}`, width, label)),
    '',
    ...textTable([['layer', 'tensors', 'parameters', 'trained'], ...layerRows(tensors)], [0]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => wrapped(`- ${note}`, width, 2))]),
  ].join('\n');
}

const cutText = (cut: readonly string[]) => (cut.length === 0 ? '' : `, before ${cut.join(', ')}`);

function parametersText(tensors: readonly InspectedTensor[]): string {
  const of = (role: InspectedTensor['role']) =>
    tensors.reduce((sum, tensor) => sum + (tensor.role === role ? sizeOf(tensor.shape) : 0), 0);
  const [trained, frozen, statistics] = [of('weight'), of('frozen'), of('statistic')];
  const all = trained + frozen;
  const rest = statistics === 0 ? '' : `, and ${count(statistics)} running statistics`;
  return `${count(all)} (${byteSize(4 * all)}), of which ${frozen === 0 ? 'all' : count(trained)} would be trained${rest}`;
}

function trainingFacts({ training }: Inspection): (readonly [string, string])[] {
  if (training === undefined) return [];
  const { batchSize, bytes, examplesPerSecond } = training;
  const rate = examplesPerSecond >= 10 ? count(examplesPerSecond) : examplesPerSecond.toFixed(1);
  return [
    ['memory', `some ${byteSize(bytes)} for a step of ${plural(batchSize, 'example')}`],
    ['rate', `${rate} examples a second here, in one thread`],
  ];
}

/** Tensors by their module: what stands before the last dot, at most two names deep. */
function layerRows(tensors: readonly InspectedTensor[]): string[][] {
  const rows = new Map<string, { tensors: number; parameters: number; trained: number }>();
  for (const { name, shape, role } of tensors) {
    const layer = name.split('.').slice(0, -1).slice(0, 2).join('.') || name;
    const row = rows.get(layer) ?? { tensors: 0, parameters: 0, trained: 0 };
    rows.set(layer, row);
    row.tensors++;
    if (role !== 'weight' && role !== 'frozen') continue;
    row.parameters += sizeOf(shape);
    row.trained += role === 'weight' ? sizeOf(shape) : 0;
  }
  return [...rows].map(([layer, { tensors: number, parameters, trained }]) => [
    layer,
    count(number),
    count(parameters),
    trained === parameters ? 'all' : trained === 0 ? 'none' : count(trained),
  ]);
}
