import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { terminalOutput } from '../../../test/terminal-output.js';
import { imageDataset } from '../../data/images/image-dataset.js';
import type { RunStart } from '../../federation/coordinator/run-federation.js';
import type { RoundEvent } from '../../federation/rounds/round-events.js';
import { applyEvent, startRun } from '../../federation/rounds/rounds.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import type { LocalProgress } from '../../training/local-training.js';
import { liveDisplay } from './display-live.js';
import { isLive, paintFor } from './terminal.js';

const configuration = parseConfiguration(
  {
    partition: { name: 'v' },
    model: { name: 'mlp' },
    optimizer: { name: 'adam' },
    local: { epochs: 15, firstThreshold: 0.914, threshold: 0.92 },
    rounds: 4,
    compare: ['max'],
  },
  'test',
);
const dataset = imageDataset({
  name: 'dots',
  images: new Uint8Array(8),
  labels: Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1),
  channels: 1,
  height: 1,
  width: 1,
  classNames: ['off', 'on'],
});
const participants = ['environment-1', 'environment-2'];
const rules = {
  participants,
  rounds: 4,
  metrics: classificationMetrics,
  reference: undefined,
  pooled: false,
};
const begin: RunStart = {
  configuration,
  data: { train: dataset, test: dataset },
  shares: participants.map((name) => ({
    name,
    train: Uint32Array.of(0, 1, 2),
    validation: Uint32Array.of(3),
  })),
  workers: 2,
  device: 'cpu',
  parameters: 1234,
  state: startRun(rules),
};
const progress = (participant: string): LocalProgress => ({
  participant,
  round: 1,
  epoch: 2,
  epochs: 15,
  step: 1,
  steps: 2,
  epochDone: false,
  examplesLeft: 100,
  examplesPerSecond: 50,
  unitsPerSecond: 50,
  loss: 0.5,
  validation: { accuracy: 0.75 },
});

const terminal = (columns: number, rows = 40) => terminalOutput({ columns, rows });

describe('the display of a terminal', () => {
  it('shows what is going to happen, then a line for every participant', () => {
    const output = terminal(100);
    const display = liveDisplay({ output });
    display.onStart(begin);
    for (const name of participants) display.onProgress(progress(name));
    display.close();
    const text = stripVTControlCharacters(output.text());
    expect(text).toContain('8 training and 8 test images of 1x1, 2 classes');
    expect(text).toContain('own validation accuracy is 91.40% in round 1, then 92.00%');
    expect(text).toContain('round 1 of 4: training');
    expect(text).toContain('environment-2  waits');
  });

  it('keeps its lines within the width of the terminal', () => {
    for (const columns of [60, 80, 100, 140]) {
      const output = terminal(columns);
      const display = liveDisplay({ output });
      display.onProgress(progress('environment-1'));
      display.onStart(begin);
      display.close();
      for (const line of stripVTControlCharacters(output.text()).split(/[\r\n]+/))
        expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('shows the table of the rounds when the run ends', () => {
    const output = terminal(100);
    const display = liveDisplay({ output });
    display.onStart(begin);
    const sha256 = 'a'.repeat(64);
    const events: RoundEvent[] = [
      ...participants.map((participant): RoundEvent => {
        const counts = {
          examples: 3,
          epochs: 2,
          examplesSeen: 6,
          loss: 0.4,
          validation: { accuracy: 0.8 },
          seconds: 3,
        };
        return { type: 'update-received', round: 1, update: { participant, sha256, ...counts } };
      }),
      {
        type: 'merged',
        round: 1,
        sha256,
        merged: { mean: { accuracy: 0.85 }, max: { accuracy: 0.2 } },
        own: {},
        seconds: 1,
      },
    ];
    let state = begin.state;
    for (const event of events) {
      state = applyEvent(state, event);
      display.onEvent(event, state);
    }
    display.onResult({
      ...{ dataset: 'd', partition: configuration.partition, seed: 0, strategy: 'mean' },
      ...{ settings: configuration, versions: {}, metrics: classificationMetrics, participants },
      rounds: [
        {
          round: 1,
          seconds: 4,
          participants: [],
          merged: { mean: { test: { accuracy: 0.85 } } },
          copied: [],
        },
      ],
      stopped: { reason: 'interrupted', round: 1 },
    });
    display.close();
    const text = stripVTControlCharacters(output.text());
    expect(text).toMatch(/round +environment-1 +environment-2 +mean +max +copy 1 +copy 2 +time\n1 .*85\.00/);
  });

  it('has colours unless NO_COLOR is set', () => {
    const output = terminal(100);
    expect(paintFor(output, {}).bold('x')).toBe('\u001b[1mx\u001b[22m');
    expect(paintFor(output, { NO_COLOR: '1' }).bold('x')).toBe('x');
  });

  it('is for terminals that can rewrite their lines', () => {
    expect(isLive(terminal(80), {})).toBe(true);
    expect(isLive(terminal(80), { TERM: 'dumb' })).toBe(false);
    expect(isLive(terminalOutput(undefined), {})).toBe(false);
  });
});
