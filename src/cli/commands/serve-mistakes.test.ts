import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { root } from '../../../test/run-command.js';

const settings = `
dataset: none
imageShape: [1, 2, 2]
classNames: [a, b]
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [2] }
optimizer: { name: adam }
local: { epochs: 1 }
rounds: 1
`;
const [cert, key] = ['cert', 'key'].map((name) => resolve(root, `test/fixtures/tls/${name}.pem`)) as [
  string,
  string,
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serve-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function serve(text: string, ...flags: string[]) {
  const file = join(folder, 'federation.yaml');
  writeFileSync(file, text);
  return commonweight(['serve', file, '--out', join(folder, 'run'), '--port', '0', ...flags]);
}

describe('commonweight serve', () => {
  it('ends when certificate and key are no such, and says what is wrong', async () => {
    const { status, stderr } = await serve(settings, '--tls-cert', key, '--tls-key', cert);
    expect(stderr).toContain('hub: the certificate or its key cannot be used');
    expect(status).toBe(2);
  });

  it('refuses what needs everybody’s data in one place, before it makes a folder', async () => {
    const { status, stderr } = await serve(`${settings}pooled: true\n`);
    expect(stderr).toContain('federation.yaml: "pooled" is set, which needs the data of all participants');
    expect(status).toBe(2);
    expect(existsSync(join(folder, 'run'))).toBe(false);
  });
});
