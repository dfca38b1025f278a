import { describe, expect, it } from 'vitest';
import type { Status } from '../protocol/status.js';
import { PROTOCOL_VERSION } from '../protocol/version.js';
import { statusLines, waiting } from './status-lines.js';

const status: Status = {
  protocol: PROTOCOL_VERSION,
  phase: 'training',
  round: 2,
  rounds: 5,
  waitingFor: ['site-b', 'site-c'],
  participants: [
    { name: 'site-a', presence: 'here', examples: 100 },
    { name: 'site-b', presence: 'gone', since: '2030-01-01T03:00:00.000Z', examples: 50 },
    { name: 'site-c', presence: 'not joined', since: '2030-01-01T02:00:00.000Z' },
  ],
  copied: {},
};
const deadline = '2030-01-01T04:00:00.000Z';

describe('the status of a run', () => {
  it('says who is waited for, and until when', () => {
    const names = 'waits for site-b (gone), site-c (not joined)';
    expect(waiting(status)).toEqual([`${names}, all of whom are needed`]);
    expect(waiting({ ...status, quorum: 2 })).toEqual([`${names}; 2 are enough once the others have left`]);
    expect(waiting({ ...status, quorum: 2, deadline })).toEqual([
      `${names} until ${deadline}, when 2 are enough`,
    ]);
    expect(waiting({ ...status, quorum: 2, deadline, deadlinePassed: true })).toEqual([
      `${names}; the deadline has passed, and as soon as 2 are in they are enough`,
    ]);
    expect(waiting({ ...status, waitingFor: [] })).toEqual([]);
  });

  it('says since when somebody is gone, but of nobody who has not come yet', () => {
    const lines = statusLines(status);
    expect(lines.find((line) => line.startsWith('site-b'))).toContain('gone since 2030-01-01T03:00:00Z');
    expect(lines.find((line) => line.startsWith('site-c'))).not.toContain('since');
  });
});
