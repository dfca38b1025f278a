/** What is printed: each part's table, with its title. */
import { byteSize, count } from '../src/report/numbers.js';
import { textTable } from '../src/report/text-table.js';
import type { AdaptersResult } from './adapters.js';
import type { AgainstResult } from './against.js';
import type { BrowserResult } from './browser.js';
import { type CompileResult, planBatchSizes } from './compile.js';
import type { DemandRow } from './demands.js';
import type { DevicesResult } from './devices.js';
import type { HubResult } from './hub.js';
import type { Machine } from './machine.js';
import type { MemoryResult } from './memory.js';
import type { MergingRow } from './merging.js';
import type { PeersResult } from './peers.js';
import type { PhotosResult } from './photos.js';
import type { PictureRun, PicturesResult, Way } from './pictures.js';
import type { KernelTime, Profile } from './profile.js';
import type { ReadingResult, ReadingRow } from './reading.js';
import type { ServedResult } from './served.js';
import { ratio, type Sample, sampleOf } from './statistics.js';
import { bestPeer, type StepsResult, wasBusy } from './steps.js';
import type { TableRunsResult } from './table-runs.js';

const SHOWN_KERNELS = 25;
const NONE = '–';

const table = (title: string, rows: readonly (readonly string[])[], left: readonly number[] = [0]) =>
  [title, '', ...textTable(rows, left)].join('\n');

/** "12,345", "11,900–12,600" */
const rateCells = ({ median, min, max }: Sample) => [count(median), `${count(min)}–${count(max)}`];

const times = (first: Sample, second: Sample | undefined) =>
  second === undefined ? NONE : `${ratio(first, second).toFixed(2)}×`;

export function machineLines({ date, processor, cores, memoryBytes, system, versions }: Machine): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `${date}  ${processor}, ${cores} cores, ${byteSize(memoryBytes)}, ${system}`,
    named.join(', '),
  ].join('\n');
}

export function stepsTable({ network, batchSize, flopsPerImage, rows, product }: StepsResult): string {
  const head = ['', 'images/s', 'min–max', 'to PyTorch', 'of the roofline'];
  const busy = wasBusy(product);
  const lines = rows.map(({ who, cores, label, imagesPerSecond }) => {
    const compared = !(busy && cores === 2);
    const part = imagesPerSecond.median / rooflineOf(product, cores, flopsPerImage);
    const toPeer = compared ? times(imagesPerSecond, bestPeer(rows, cores)) : 'busy';
    return [
      label,
      ...rateCells(imagesPerSecond),
      who === 'ours' ? toPeer : '',
      compared ? `${(100 * part).toFixed(0)}%` : 'busy',
    ];
  });
  const products = product.map(({ label, gigaflops, cores }) => {
    const { median, min, max } = gigaflops;
    const spread = `${min.toFixed(0)}–${max.toFixed(0)}`;
    const roof = count((1e9 * median) / flopsPerImage);
    return [`${label} (${cores === 1 ? '1 core' : '2 cores'})`, median.toFixed(0), spread, roof];
  });
  const cost = (flopsPerImage / 1e6).toFixed(1);
  return [
    table(`Training steps of ${network}, batch ${batchSize}; "to PyTorch": to its best with as many cores`, [
      head,
      ...lines,
    ]),
    ...(busy
      ? ['', 'busy: something else took a core meanwhile; run it again when the machine is idle']
      : []),
    '',
    ...textTable([['matrix product', 'GFLOP/s', 'min–max', `images/s at ${cost} MFLOP`], ...products]),
  ].join('\n');
}

/**
 * Images a second, were every operation of direct convolutions done as fast as the best matrix
 * product.
 */
function rooflineOf(product: StepsResult['product'], cores: number, flopsPerImage: number): number {
  const rates = product.filter((row) => row.cores === cores).map(({ gigaflops }) => gigaflops.median);
  return (1e9 * Math.max(...rates)) / flopsPerImage;
}

export function peersTable({ network, rows }: PeersResult): string {
  const lines = rows.map(({ label, batchSize, imagesPerSecond, ours }) => [
    label,
    String(batchSize),
    ...[imagesPerSecond.median, imagesPerSecond.min, imagesPerSecond.max, ours.median].map(rate),
    `${rate(ratio(ours, imagesPerSecond))}×`,
  ]);
  return table(`Training steps of ${network} in JavaScript; ours with one thread in the same turns`, [
    ['', 'batch', 'images/s', 'min', 'max', 'ours', 'ours to it'],
    ...lines,
  ]);
}

export function devicesTable({ network, batchSize, rows }: DevicesResult): string {
  const first = rows[0]?.imagesPerSecond;
  const lines = rows.map(({ label, imagesPerSecond }) => [
    label,
    ...rateCells(imagesPerSecond),
    first === undefined ? '' : `${rate(ratio(first, imagesPerSecond))}×`,
  ]);
  return table(`Training steps of ${network}, batch ${batchSize}, by the device`, [
    ['', 'images/s', 'min–max', 'the GPU to it'],
    ...lines,
  ]);
}

export function againstTable({ network, batchSize, rows }: AgainstResult): string {
  const lines = rows.map(({ label, ours, theirs }) => [
    label,
    ...rateCells(ours),
    ...rateCells(theirs),
    `${ratio(ours, theirs).toFixed(3)}×`,
  ]);
  return table(
    `Training steps of ${network}, batch ${batchSize}, beside another checkout in the same turns`,
    [['', 'images/s', 'min–max', 'the other', 'min–max', 'to the other'], ...lines],
  );
}

/** Two digits below 10. */
const rate = (value: number) => (value < 10 ? value.toPrecision(2) : count(value));

export function browserTable(result: BrowserResult): string {
  const { network, batchSize, rows, native, pyTorch, participant } = result;
  const head = ['', 'images/s', 'min–max', 'to ours', 'to PyTorch'];
  const lines = [
    ...rows,
    { label: 'ours in Node', imagesPerSecond: native },
    ...(pyTorch === undefined ? [] : [{ label: 'best PyTorch', imagesPerSecond: pyTorch }]),
  ].map(({ label, imagesPerSecond }) => [
    label,
    ...rateCells(imagesPerSecond),
    times(imagesPerSecond, native),
    times(imagesPerSecond, pyTorch),
  ]);
  const { toSteps, longestFrameMs, compileMs, openMs } = participant;
  return [
    table(`Training steps of ${network} in Chromium, batch ${batchSize}; to native ones with two threads`, [
      head,
      ...lines,
    ]),
    '',
    `A participant in a page, whole work in a worker: ${toSteps.toFixed(2)}× of the bare steps; longest frame of the page ${longestFrameMs.toFixed(0)} ms; before the first step ${compileMs.toFixed(0)} ms to compile the plan, ${openMs.toFixed(0)} ms to load the engine and open the session.`,
  ].join('\n');
}

export function mergingTable(rows: readonly MergingRow[]): string {
  const head = [
    'files',
    'each',
    'strategy',
    'seconds',
    'min–max',
    'read/s',
    'to reading and writing',
    'peak memory',
  ];
  const lines = rows.map(({ files, fileBytes, strategy, seconds, peakBytes }) => {
    const alone = rows.find(
      (row) => row.strategy === 'none' && row.files === files && row.fileBytes === fileBytes,
    );
    return [
      String(files),
      byteSize(fileBytes),
      strategy === 'none' ? '(read, write)' : strategy,
      seconds.median.toFixed(2),
      `${seconds.min.toFixed(2)}–${seconds.max.toFixed(2)}`,
      byteSize((files * fileBytes) / seconds.median),
      times(seconds, alone?.seconds),
      Number.isNaN(peakBytes) ? NONE : byteSize(peakBytes),
    ];
  });
  return table('Merging safetensors files, float32; time is a multiple of reading and writing alone', [
    head,
    ...lines,
  ]);
}

export function compileTable(results: readonly CompileResult[]): string {
  const head = [
    '',
    'compile ms',
    'min–max',
    'open ms',
    ...planBatchSizes.map((size) => `bytes at ${size}`),
    'largest',
  ];
  const lines = results.map(({ network, compileMs, openMs, planBytes }) => [
    network,
    compileMs.median.toFixed(1),
    `${compileMs.min.toFixed(1)}–${compileMs.max.toFixed(1)}`,
    openMs.median.toFixed(1),
    ...planBytes.map(count),
    `${(Math.max(...planBytes) / (planBytes[0] ?? Number.NaN)).toFixed(3)}×`,
  ]);
  return table('Plans, and their size by the batch ("largest": to that of the smallest batch)', [
    head,
    ...lines,
  ]);
}

export function memoryTable({ dataset, rows }: MemoryResult): string {
  const first = rows[0]?.peakBytes ?? Number.NaN;
  const lines = rows.map(({ participants, peakBytes, seconds }) => [
    String(participants),
    byteSize(peakBytes),
    `${(peakBytes / first).toFixed(2)}×`,
    seconds.toFixed(1),
  ]);
  return table(`A run of mlp on ${dataset}, one round, one epoch`, [
    ['participants', 'peak memory', 'ratio', 'seconds'],
    ...lines,
  ]);
}

/** Times are medians; "to memory" is how fast the pictures in a file are beside those in memory. */
export function picturesTable({ pictures, decodedBytes, steps, runs }: PicturesResult): string {
  const of = (way: Way, value: (run: PictureRun) => number) =>
    sampleOf(runs.filter((run) => run.way === way).map(value));
  const measures: Readonly<Record<string, (run: PictureRun) => number>> = {
    'rounds, seconds': (run) => run.roundSeconds,
    'whole run, seconds': (run) => run.seconds,
    'whole run, processor seconds': (run) => run.cpuSeconds,
  };
  const rows = Object.entries(measures).map(([name, value]) => {
    const [file, memory] = [of('file', value), of('memory', value)];
    return [name, file.median.toFixed(1), memory.median.toFixed(1), times(memory, file)];
  });
  const peak = (way: Way) => byteSize(of(way, (run) => run.peakBytes).max);
  const main = (way: Way) => byteSize(of(way, (run) => run.mainPeakBytes).max);
  return table(
    `Runs of lenet5 on ${count(pictures)} pictures (${byteSize(decodedBytes)} decoded), two participants, ${steps} steps each`,
    [
      ['', 'in a file', 'in memory', 'to memory'],
      ['peak memory, all processes', peak('file'), peak('memory'), ''],
      ['… of the first alone', main('file'), main('memory'), ''],
      ...rows,
    ],
  );
}

/** "MB/s" are those of the file; "ours to it" is by the processor's time, and between what turns. */
export function readingTable({ bytes, rows, columns, warm, cold }: ReadingResult): string {
  const head = ['', 'MB/s', 'by processor', 'whole process', 'rows/s', 'peak memory', 'ours to it'];
  const rate = (perSecond: number) => (perSecond / 1e6).toFixed(0);
  const line = (row: ReadingRow) => [
    row.label,
    ...[row.rate, row.cpuRate, row.wholeRate].map(({ median }) => rate(median)),
    count((row.rate.median * rows) / bytes),
    byteSize(row.peakBytes),
    row.label === 'ours'
      ? ''
      : [row.oursToIt.median, row.oursToIt.min, row.oursToIt.max].map((x) => x.toFixed(2)).join(', '),
  ];
  const title = `Reading a CSV file of ${byteSize(bytes)}, ${count(rows)} rows of ${columns} columns`;
  const parts = [table(`${title}, from the system's cache`, [head, ...warm.map(line)])];
  if (cold.length > 0) parts.push(table(`${title}, from the disk`, [head, ...cold.map(line)]));
  return parts.join('\n\n');
}

/** All processes together. */
export function photosTable({
  photos,
  peakBytes,
  mainPeakBytes,
  seconds,
  cpuSeconds,
  notices,
}: PhotosResult) {
  return [
    table(`run --skip-damaged on ${photos} photos`, [
      ['peak memory, all processes', byteSize(peakBytes)],
      ['… of the first alone', byteSize(mainPeakBytes)],
      ['seconds', seconds.toFixed(1)],
      ['processor seconds', cpuSeconds.toFixed(1)],
    ]),
    ...['', 'What it said of them:', ...notices],
  ].join('\n');
}

export function tableRunsTable({ bytes, maxMemory, runs, bytesOfRow }: TableRunsResult): string {
  const head = ['', 'rows', 'peak memory', 'seconds', 'processor seconds'];
  const lines = runs.map(({ label, rows, peakBytes, seconds, cpuSeconds }) => [
    ...[label, count(rows), byteSize(peakBytes), seconds.toFixed(1), cpuSeconds.toFixed(1)],
  ]);
  return table(
    `A CSV file of ${byteSize(bytes)}, --max-memory ${maxMemory}: ${bytesOfRow.toFixed(0)} bytes for each row more`,
    [head, ...lines],
  );
}

/** A ratio above 1 says that more was reckoned than was taken. */
export function demandsTable(rows: readonly DemandRow[]): string {
  const lines = rows.map(({ network, imageShape, batchSize, optimizer, workers, participants, ...bytes }) => [
    `${network} ${imageShape.join('x')}`,
    `${batchSize}, ${optimizer}`,
    String(workers),
    String(participants),
    byteSize(bytes.peakBytes),
    byteSize(bytes.reckonedBytes),
    (bytes.reckonedBytes / bytes.peakBytes).toFixed(2),
  ]);
  return table('Peak memory of a run, and what was reckoned before it', [
    ['network', 'batch', 'workers', 'participants', 'measured', 'reckoned', 'ratio'],
    ...lines,
  ]);
}

export function profileTable(profile: Profile): string {
  const { network, batchSize, stepMilliseconds, byOperator, byShapes } = profile;
  const inKernels = byOperator.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const row = ({ kernel, runs, milliseconds }: KernelTime) => [
    milliseconds.toFixed(2),
    `${((100 * milliseconds) / inKernels).toFixed(1)}%`,
    runs.toFixed(runs % 1 === 0 ? 0 : 1),
    kernel,
  ];
  const kernels = (title: string, list: readonly KernelTime[]) =>
    textTable([['ms', 'share', 'runs', title], ...list.map(row)], [3]).join('\n');
  const rate = count((1000 * batchSize) / stepMilliseconds);
  return [
    `A step of ${network}, batch ${batchSize}, one thread: ${stepMilliseconds.toFixed(2)} ms (${rate} images/s); while profiled, ${inKernels.toFixed(2)} ms in kernels`,
    kernels('operator', byOperator),
    kernels(`operator and shapes, the first ${SHOWN_KERNELS}`, byShapes.slice(0, SHOWN_KERNELS)),
  ].join('\n\n');
}

export function hubTable(result: HubResult): string {
  const { name, participants, updateBytes, rounds, peakBytes, refused, roundSeconds, ownSeconds } = result;
  const { bytesPerSecond, countedBytesPerSecond, plainBytesPerSecond, health, descriptors } = result;
  const rows = [
    ['participants', count(participants)],
    ['memory of the coordinator, at most', byteSize(peakBytes)],
  ];
  if (descriptors !== undefined) rows.push(['descriptors that it may have', count(descriptors)]);
  if (health !== undefined) {
    const { medianMs, mostMs, mostBusyMs, unanswered } = health;
    const most = `${mostMs.toFixed(0)} ms at most, of which the hub worked ${mostBusyMs.toFixed(0)} ms at most`;
    const missing = unanswered > 0 ? `, ${unanswered} not answered` : '';
    rows.push(['/healthz', `${medianMs.toFixed(0)} ms, ${most}${missing}`]);
  }
  if (updateBytes > 0)
    rows.push(['one update', byteSize(updateBytes)], ['rounds', count(rounds)], ['refused', count(refused)]);
  if (roundSeconds !== undefined && ownSeconds !== undefined) {
    const share = `${((100 * ownSeconds) / roundSeconds).toFixed(1)}%`;
    rows.push(['a round', `${roundSeconds.toFixed(2)} s`]);
    rows.push(['from the last update to the next round', `${ownSeconds.toFixed(2)} s, ${share}`]);
  }
  if (bytesPerSecond !== undefined && plainBytesPerSecond !== undefined) {
    const times = `${(bytesPerSecond / plainBytesPerSecond).toFixed(2)}×`;
    rows.push(['uploads', `${byteSize(bytesPerSecond)}/s, ${times} of plain PUTs into files`]);
  }
  if (countedBytesPerSecond !== undefined)
    rows.push(['until they are synced, checked and counted', `${byteSize(countedBytesPerSecond)}/s`]);
  return table(`The hub: ${name}`, rows);
}

export function servedTable({ rounds, sha256, run, served }: ServedResult): string {
  const seconds = ({ median, min, max }: Sample) => [
    median.toFixed(1),
    `${min.toFixed(1)}–${max.toFixed(1)}`,
  ];
  return table(
    `V, paper-cnn, two participants, ${rounds} rounds; the same model by both, ${sha256.slice(0, 12)}…`,
    [
      ['', 'seconds', 'min–max', 'to run'],
      ['run, on one machine', ...seconds(run), '1.00×'],
      ['serve and two join, over loopback', ...seconds(served), `${ratio(served, run).toFixed(2)}×`],
    ],
  );
}

export function adaptersTable({ width, layers, ...of }: AdaptersResult): string {
  return table(`Adapters of rank 8 in a transformer of ${layers} layers, ${width} wide, over loopback`, [
    ['the model', byteSize(of.modelBytes)],
    ['an update', byteSize(of.updateBytes)],
    ['peak memory of the participant', byteSize(of.peakBytes)],
    ['processor time of the participant', `${of.cpuSeconds.toFixed(1)} s`],
  ]);
}
