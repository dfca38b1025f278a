import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The picture of docs/layout.md: room → floor. A room imports from lower floors only, and from itself. */
const floors: Record<string, number> = {
  tensor: 0,
  files: 0,
  graph: 1,
  merge: 1,
  data: 1,
  crypto: 1,
  autodiff: 2,
  onnx: 2,
  protocol: 2,
  partition: 2,
  attack: 3,
  nn: 3,
  runtime: 3,
  transport: 3,
  evaluation: 4,
  federation: 5,
  report: 6,
  entries: 7,
  cli: 8,
  pages: 8,
};

const source = resolve(import.meta.dirname, '../src');
const modules = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !/\.(test|contract)\.ts$/.test(file))
  .map((file) => file.replaceAll('\\', '/'));

const roomOf = (file: string) => (file.includes('/') ? (file.split('/')[0] as string) : 'entries');

const importsOf = (file: string) => {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path]) =>
    relative(source, resolve(source, dirname(file), path as string))
      .replace(/\.js$/, '.ts')
      .replaceAll('\\', '/'),
  );
};

describe('the rooms', () => {
  it('are those of the picture', () => {
    expect([...new Set(modules.map(roomOf))].sort()).toEqual(Object.keys(floors).sort());
    const picture = readFileSync(resolve(source, '../docs/layout.md'), 'utf8');
    for (const room of Object.keys(floors).filter((name) => name !== 'entries'))
      expect(picture).toContain(`\`${room}/\``);
  });

  it('import downward only', () => {
    const upward = modules.flatMap((file) =>
      importsOf(file)
        .filter((target) => {
          const [from, to] = [roomOf(file), roomOf(target)];
          return from !== to && (floors[from] as number) <= (floors[to] as number);
        })
        .map((target) => `${file} imports ${target}`),
    );
    expect(upward).toEqual([]);
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
