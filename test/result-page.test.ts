/** The table of result.json in docs/report.md has exactly the fields of the type. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import type { RunResult } from '../src/federation/record/run-result.js';
import { roundResultSchema } from '../src/protocol/view.js';

/** The compiler refuses this list if it lacks a field of the type, or has another. */
const fields = Object.keys({
  dataset: 0,
  partition: 0,
  seed: 0,
  strategy: 0,
  settings: 0,
  versions: 0,
  metrics: 0,
  participants: 0,
  fewValidationExamples: 0,
  attackers: 0,
  rounds: 0,
  pooled: 0,
  best: 0,
  decision: 0,
  sharing: 0,
  stopped: 0,
  model: 0,
  personal: 0,
} satisfies Record<keyof RunResult, 0>);

it('docs/report.md lists every field of result.json, and no other', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/report.md'), 'utf8');
  const table = page.slice(page.indexOf('## result.json'));
  const listed = [...table.matchAll(/^\| `([^`]+)` \| (optional: )?/gm)];
  const round = Object.keys(roundResultSchema.shape).map((name) => `rounds[].${name}`);
  const { shape } = roundResultSchema.shape.participants.element;
  const participant = Object.keys(shape).map((name) => `rounds[].participants[].${name}`);
  expect(listed.map(([, name]) => name).sort()).toEqual([...fields, ...round, ...participant].sort());
  const optional = listed.flatMap(([, name = '', mark]) =>
    mark === undefined ? [] : [name.split('.').at(-1)],
  );
  for (const [name, field] of Object.entries(shape)) {
    expect([name, optional.includes(name)]).toEqual([name, field.safeParse(undefined).success]);
  }
});
