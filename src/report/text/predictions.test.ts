import { describe, expect, it } from 'vitest';
import { type PredictedTable, predictedClass, predictionsCsv, predictionsReport } from './predictions.js';

/** The whole file, of rows that come in these parts. */
async function csvOf(table: PredictedTable, ...parts: readonly Float32Array[]): Promise<string> {
  const rows = (values: Float32Array) => values.length / table.target.names.length;
  async function* inParts() {
    let start = 0;
    for (const values of parts) {
      yield { start, values };
      start += rows(values);
    }
  }
  let csv = '';
  for await (const lines of predictionsCsv(table, inParts())) csv += lines;
  return csv;
}

describe('predictions', () => {
  it('of classes are the likeliest and a probability of each, as floats that are read back', async () => {
    const values = Float32Array.of(0.1, 0.7, 0.2, 1 / 3, 1 / 3, 1 / 3);
    const target = { kind: 'class', names: ['a', 'b, c', 'say "d"'] } as const;
    const csv = await csvOf({ target }, values);
    expect(await csvOf({ target }, values.subarray(0, 3), values.subarray(3))).toBe(csv);
    const [header, first, second] = csv.split('\n');
    expect(header).toBe('row,prediction,P(a),"P(b, c)","P(say ""d"")"');
    expect(first).toBe('1,"b, c",0.1,0.7,0.2');
    expect(second!.split(',').slice(0, 2)).toEqual(['2', 'a']);
    for (const cell of second!.split(',').slice(2)) expect(Math.fround(Number(cell))).toBe(values[3]);
  });

  it('of labels are 0 or 1, from a probability of one half on', async () => {
    const target = { kind: 'labels', names: ['cough', 'fever'] } as const;
    const group = { name: 'patient', cell: (row: number) => `00${row + 7}` };
    const csv = await csvOf({ target, group }, Float32Array.of(0.5, 0.25), Float32Array.of(0, 1));
    const lines = ['row,patient,cough,fever,P(cough),P(fever)', '1,007,1,0,0.5,0.25', '2,008,0,1,0,1'];
    expect(csv).toBe(`${lines.join('\n')}\n`);
  });

  it('of numbers are the numbers, the first ten on a terminal', () => {
    const target = { kind: 'numbers', names: ['x'] } as const;
    const of = (rows: number) =>
      predictionsReport(
        { target },
        { start: 0, values: Float32Array.from({ length: rows }, (_, i) => i) },
        rows,
      );
    expect(of(10).split('\n')).toHaveLength(11);
    expect(of(11)).toMatch(/\n 10 +9\nand 1 more row of 11: /);
  });
});

it('the likeliest class is predicted, or the second one from its cut-off on', () => {
  const probabilities = Float32Array.of(0.75, 0.25);
  expect(predictedClass(probabilities, undefined)).toBe(0);
  expect(predictedClass(probabilities, 0.25)).toBe(1);
  expect(predictedClass(probabilities, 0.26)).toBe(0);
  expect(predictedClass(Float32Array.of(0.2, 0.5, 0.3), undefined)).toBe(1);
});
