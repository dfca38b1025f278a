import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { functionLengths } from './function-lengths.js';

/**
 * The picture of docs/layout.md, from the ground up: a module imports from folders that stand
 * before its own, and from its own. "." are the entries of the package.
 */
const folders = [
  'base',
  'base/node',
  'base/wasm',
  'tensor',
  'tensor/weights',
  'tensor/weights/node',
  'crypto',
  'data',
  'data/page',
  'data/paged/node',
  'data/parquet',
  'data/arrays',
  'data/arrays/node',
  'data/arrays/page',
  'data/images',
  'data/images/node',
  'data/images/page',
  'data/batches',
  'data/partition',
  'data/tables/kernels',
  'data/tables',
  'data/tables/parquet',
  'data/tables/node',
  'data/images/labels',
  'data/images/labels/node',
  'data/images/labels/page',
  'data/tables/page',
  'data/text',
  'data/text/node',
  'data/text/page',
  'data/node',
  'data/survey',
  'engine/graph',
  'metrics',
  'metrics/shared',
  'engine/autodiff',
  'engine/onnx',
  'engine/onnx/import/file',
  'engine/onnx/import/rules',
  'engine/onnx/import/node',
  'engine/onnx/import',
  'engine/onnx/export',
  'engine/onnx/lower',
  'engine/nn/layers',
  'engine/nn/tasks',
  'engine/nn/models',
  'engine/nn/corrections',
  'engine/nn/imported',
  'engine/nn',
  'engine/runtime',
  'engine/runtime/node',
  'engine/runtime/page',
  'merge',
  'merge/kernels',
  'merge/strategies',
  'merge/memory',
  'merge/align',
  'merge/files',
  'merge/average',
  'merge/refit',
  'merge/server',
  'transforms/codec',
  'transforms',
  'attack',
  'protocol/configuration',
  'protocol',
  'training',
  'training/threads',
  'training/threads/node',
  'training/threads/page',
  'transport',
  'transport/hub/server/guard',
  'transport/hub/server/sockets',
  'transport/hub/server/http',
  'transport/hub/server',
  'transport/hub/client',
  'transport/hub/client/node',
  'transport/hub/client/page',
  'transport/nats',
  'transport/nats/coordinator',
  'transport/nats/participant',
  'federation',
  'federation/rounds',
  'federation/methods',
  'federation/plan',
  'federation/plan/node',
  'federation/record',
  'federation/participant/kept',
  'federation/participant',
  'federation/participant/node',
  'federation/participant/page',
  'federation/watch',
  'federation/coordinator/setup',
  'federation/coordinator/closing',
  'federation/coordinator/admission',
  'federation/coordinator/remote',
  'federation/coordinator',
  'experiments',
  '.',
  'report',
  'report/charts',
  'report/text',
  'report/sections',
  'report/pages',
  'cli/terminal',
  'cli/flags',
  'cli/display',
  'cli/commands/networks',
  'cli/commands',
  'cli',
  'pages/common',
  'pages/join/state',
  'pages/join/worker/shown',
  'pages/join/worker',
  'pages/join/stages',
  'pages/join',
  'pages/watch/figures',
  'pages/watch',
];

/** More modules than that, nobody finds anything in. */
const MOST_MODULES = 20;
/** Longer than that, a module has more than one idea. */
const MOST_LINES = 400;
/** Longer than that, a function does not fit on a screen. */
const MOST_FUNCTION_LINES = 80;

const root = resolve(import.meta.dirname, '..');
const source = join(root, 'src');
const modules = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.(test|contract)\.ts$/.test(file))
  .map((file) => file.replaceAll('\\', '/'));

const components = new Set(modules.filter((file) => file.endsWith('.tsx')));

const importsOf = (file: string) => {
  const text = readFileSync(join(source, file), 'utf8');
  // `from '…'`, `import '…'` and `import('…')`
  return [...text.matchAll(/\b(?:from |import |import\()'(\.[^']+)'/g)].map(([, path]) =>
    moduleAt(file, path as string),
  );
};

/** What a module imports by this path: a component of a page is compiled to such a file, too. */
function moduleAt(file: string, path: string): string {
  const found = relative(source, resolve(source, dirname(file), path)).replaceAll('\\', '/');
  const [plain, component] = ['.ts', '.tsx'].map((ending) => found.replace(/\.js$/, ending));
  return component !== undefined && components.has(component) ? component : (plain as string);
}

/** The folders of the picture in docs/layout.md; what stands deeper lies in the room above it. */
function pictured(): string[] {
  const picture = readFileSync(resolve(source, '../docs/layout.md'), 'utf8');
  const tree = [...picture.matchAll(/^ {4}( *)((?:[a-z/-]+\/ {1,2})+|\.) +\S/gm)];
  let room = '';
  return tree.flatMap(([, depth = '', names = '']) => {
    const here = names
      .trim()
      .split(/ +/)
      .map((name) => name.replace(/\/$/, ''));
    if (depth === '') room = here[0] ?? '';
    return depth === '' ? here : here.map((name) => `${room}/${name}`);
  });
}

describe('the folders', () => {
  it('are those of the picture', () => {
    expect([...new Set(modules.map(dirname))].sort()).toEqual([...folders].sort());
    expect(
      pictured()
        .filter((name) => name !== 'pages')
        .sort(),
    ).toEqual([...folders].sort());
  });

  it('import downward only', () => {
    const height = (file: string) => folders.indexOf(dirname(file));
    const upward = modules.flatMap((file) =>
      importsOf(file)
        .filter((target) => height(file) < height(target))
        .map((target) => `${file} imports ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('hold few modules, and short ones', () => {
    const crowded = folders.filter(
      (folder) => modules.filter((file) => dirname(file) === folder).length > MOST_MODULES,
    );
    const long = modules.filter(
      (file) => readFileSync(join(source, file), 'utf8').split('\n').length > MOST_LINES,
    );
    expect({ crowded, long }).toEqual({ crowded: [], long: [] });
  });

  it('hold no function that does not fit on a screen', () => {
    const long = modules.flatMap((file) => {
      const text = readFileSync(join(source, file), 'utf8');
      if (text.split('\n').length <= MOST_FUNCTION_LINES) return [];
      return functionLengths(file, text).filter(({ lines }) => lines > MOST_FUNCTION_LINES);
    });
    expect(long).toEqual([]);
  });

  it('do not import one of their own modules in a circle', () => {
    const importing = new Map(modules.map((file) => [file, importsOf(file)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const target of importing.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of modules) visit(file, []);
    expect(circles).toEqual([]);
  });
});

/** Layers of a network, named like the ops of a graph that they consist of. */
const layersLikeOps = ['conv2d', 'dropout', 'erf', 'groupNorm', 'layerNorm'];

describe('the names that modules export', () => {
  it('have one meaning each', () => {
    const places = new Map<string, Set<string>>();
    const exported = new Set<string>();
    for (const file of modules) {
      const text = readFileSync(join(source, file), 'utf8');
      // Every type, and what is exported of functions and values.
      const declared =
        /^(?:export (?:async )?(?:const|function\*?|class|type|interface)|(?:abstract )?class|type|interface) (\w+)/gm;
      for (const [words, name = ''] of text.matchAll(declared)) {
        if (words.startsWith('export ')) exported.add(name);
        // Twins for Node and for pages have the same names.
        const place = file.replace(/\/(node|page)\/.*/, '');
        places.set(name, (places.get(name) ?? new Set()).add(place));
      }
    }
    const twice = [...places]
      .filter(([name, { size }]) => size > 1 && exported.has(name) && !layersLikeOps.includes(name))
      .map(([name, where]) => `${name}: ${[...where].join(', ')}`);
    expect(twice).toEqual([]);
  });
});

/**
 * Rooms that know data as columns, and nothing of pictures; what they import from the makers of
 * data is another matter.
 */
const ofAnyData = ['metrics', 'data', 'engine/nn', 'training', 'protocol', 'federation'];
/** Folders and modules of these rooms that may, and why. */
const ofPictures: Readonly<Record<string, string>> = {
  'data/images': 'the maker of pictures',
  'engine/nn/settings.ts': 'the task of masks, and its network',
  'engine/nn/tasks/segmentation.ts': 'the task of masks',
  'metrics/known-figures.ts': 'the formulas of metrics of masks',
  'metrics/known-metrics.ts': 'the metrics of masks',
  'engine/nn/models': 'networks for pictures, and the layer that normalizes their bytes',
  'federation/coordinator/setup/own-normalization.ts': 'the setting by which pictures are normalized',
  'federation/participant/demonstration-share.ts': 'the public set that a hub lends is of pictures',
  'federation/participant/page/page-picture-data.ts': 'reads pictures',
  'federation/participant/page/page-annotated-data.ts': 'reads pictures, their labels and masks',
  'federation/watch/observed-pictures.ts': 'test pictures, drawn for observers',
};

/** Rooms that know categories at most, and not that one of them is the class of an example. */
const ofAnyTask = [
  ...['base', 'tensor', 'crypto', 'data', 'engine', 'metrics', 'merge', 'training'],
  ...['protocol', 'transport', 'federation'],
];
const ofClasses: Readonly<Record<string, string>> = {
  'data/images': 'pictures come with their classes',
  'data/named-twice.ts': 'the target of a table may be a class',
  'data/data-problem.ts': 'Fashion-MNIST has its own classes',
  'data/settings.ts': 'the target of a table may be a class',
  'data/tables': 'what is learned of a row may be its class',
  'data/text': 'texts come with their classes',
  'engine/nn/tasks': 'the task of classification, and its losses',
  'engine/nn/corrections': 'corrections of the loss of a classification',
  'engine/nn/models': 'networks with an output for each class',
  'engine/nn/by-name.ts': 'the settings of classification, and of these networks',
  'engine/nn/settings.ts': 'the settings of classification',
  'engine/nn/training-step.ts': 'applies corrections of the loss of a classification',
  'engine/nn/export-inference.ts': 'the names of classes, which other programs read',
  'engine/nn/feature-plan.ts': 'what the last layer of a classification is refitted from',
  'merge/refit': 'the last layer of a classification, from sums',
  'metrics/calibration.ts': 'the predicted class is right or wrong',
  'metrics/confusion.ts': 'what is measured of each class',
  'metrics/cut-off.ts': 'the probability from which on one of two classes is predicted',
  'metrics/known-figures.ts': 'the formulas of metrics of classes',
  'metrics/known-metrics.ts': 'the metrics of a classification',
  'metrics/outcomes.ts': 'what is counted of each class against the rest',
  'metrics/score-histograms.ts': 'the scores of each class against the rest',
  'training/sum-features.ts': 'sums for each class',
  'federation/coordinator/closing/decided-model.ts': 'the cut-off of a model of two classes',
  'federation/methods/class-weights.ts': 'weights of classes',
  'federation/methods/federated-survey.ts': 'a survey counts classes, too',
  'federation/methods/made-constants.ts': 'who makes the weights of classes',
  'federation/methods/refit.ts': 'the last layer of a classification, from sums',
  'federation/participant/demonstration-share.ts': 'the public set that a hub lends has classes',
  'federation/participant/page/page-picture-data.ts': 'reads pictures, by their classes',
  'federation/participant/page/page-annotated-data.ts': 'reads pictures, by classes of a table',
  'protocol/configuration/contradictions.ts': 'what asks for a classification, said in words',
};

/** Whether the module is one of these, or lies in one of these folders or below. */
const isIn = (file: string, places: readonly string[]) =>
  places.some((place) => file === place || file.startsWith(`${place}/`));

/** Modules of these rooms, without the exceptions, that say such words outside of imports. */
const saying = (words: RegExp, rooms: readonly string[], exceptions: readonly string[]) =>
  modules
    .filter((file) => isIn(file, rooms) && !isIn(file, exceptions))
    .filter((file) => words.test(readFileSync(join(source, file), 'utf8').replaceAll(/from '[^']+'/g, '')));

describe('the rooms of any data', () => {
  const images = /imageShape|\b(images?|pixels?)\b/i;

  it('name no image', () => {
    const exceptions = Object.keys(ofPictures);
    expect(saying(images, ofAnyData, exceptions)).toEqual([]);
    // An exception that is not needed any more is taken off the list.
    expect(exceptions.filter((place) => saying(images, [place], []).length === 0)).toEqual([]);
  });
});

describe('the rooms of any task', () => {
  // The keyword of the language is followed by the name of a class of objects.
  const classes = /classNames|\bclass(es)?\b(?! [A-Z]\w* )/;

  it('name no class', () => {
    const exceptions = Object.keys(ofClasses);
    expect(saying(classes, ofAnyTask, exceptions)).toEqual([]);
    expect(exceptions.filter((place) => saying(classes, [place], []).length === 0)).toEqual([]);
  });
});

describe('what runs in a thread of its own', () => {
  it('loads no library of schemas, for it receives checked values and starts often', () => {
    const { imports } = JSON.parse(readFileSync(resolve(source, '../package.json'), 'utf8'));
    const reached = new Set<string>();
    const schemas: string[] = [];
    const walk = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = readFileSync(join(source, file), 'utf8');
      if (/^import (?!type ).* from 'zod'/m.test(text)) schemas.push(file);
      for (const [, names = '', path = ''] of text.matchAll(/^(?:im|ex)port ([^;]*?) from '(\.[^']+)'/gm)) {
        if (!names.startsWith('type ')) walk(moduleAt(file, path));
      }
    };
    for (const compiled of Object.values<string>(imports))
      walk(compiled.replace('./dist/', '').replace(/\.js$/, '.ts'));
    expect(schemas).toEqual([]);
    expect(reached).toContain('training/task-work.ts');
  });
});

describe('the library', () => {
  it('reaches nothing of Node from the entries that browsers load', () => {
    const reached = new Set<string>();
    const walk = (file: string) => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const target of importsOf(file)) walk(target);
    };
    walk('index.ts');
    walk('browser.ts');
    const nodeOnly = [...reached].filter((file) =>
      /from '(node:|onnxruntime-node|sharp|ws'|pino)/.test(readFileSync(join(source, file), 'utf8')),
    );
    expect(nodeOnly).toEqual([]);
  });
});

describe('what uses the library', () => {
  const users = ['scripts', 'bench', 'studies', 'examples'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file)),
  );

  it('spreads no literal into options: the compiler does not check the names in it', () => {
    expect(users.length).toBeGreaterThan(50);
    expect(users.filter((file) => /\.\.\.\s*\{/.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
  });
});

describe('the tests', () => {
  it('are skipped where there is no nats-server, if they start one', () => {
    const starting = /\b(natsServer|natsFederation)\(/;
    const root = resolve(source, '..');
    const unguarded = ['src', 'test']
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
          join(folder, file),
        ),
      )
      .filter((file) => file.endsWith('.test.ts'))
      .filter((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        return starting.test(text) && !text.includes('.skipIf(withoutNats)');
      });
    expect(unguarded).toEqual([]);
  });
});

describe('the length of a function', () => {
  it('goes from its first line to its last, whatever kind of function it is', () => {
    const text = [
      'export const short = () => 1;',
      'const record = {',
      '  method() {',
      '    return short();',
      '  },',
      '};',
      'export default function outer(',
      '  given = record.method(),',
      ') {',
      '  return [given].map((each) => {',
      '    return each;',
      '  });',
      '}',
    ].join('\n');
    expect(functionLengths('some.ts', text)).toEqual([
      { where: 'some.ts:1 short', lines: 1 },
      { where: 'some.ts:3 method', lines: 3 },
      { where: 'some.ts:7 outer', lines: 7 },
      { where: 'some.ts:10 outer', lines: 3 },
    ]);
    expect(() => functionLengths('some.ts', 'const = 1;')).toThrow('some.ts');
  });
});
