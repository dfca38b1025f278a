import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, it } from 'vitest';
import { expectGoesBack } from './expect-goes-back.js';

// Over NATS: nats-kill.full.test.ts.
const root = mkdtempSync(join(tmpdir(), 'commonweight-rollback-'));
afterAll(() => rmSync(root, { recursive: true }));

it('a coordinator that dies right after an operator went back comes to the bytes of `run`', ({ signal }) =>
  expectGoesBack(join(root, 'run'), { signal }));
