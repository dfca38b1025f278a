import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hubFrameSchema, participantFrameSchema, readSubprotocols, subprotocols } from './frames.js';
import { heartbeatMsSchema } from './heartbeat.js';
import { parseFrame } from './parse-frame.js';
import { PROTOCOL_VERSION } from './version.js';

describe('frames', () => {
  it('are parsed, or it is said what is wrong', () => {
    expect(parseFrame(participantFrameSchema, '{"type":"pong"}')).toEqual({ frame: { type: 'pong' } });
    const problem = (text: string) => parseFrame(participantFrameSchema, text);
    expect(problem('{')).toEqual({ problem: 'is not JSON' });
    expect(problem('{"type":"pong","more":1}')).toHaveProperty('problem');
    expect(problem('{"type":"announcement","id":1,"announcement":{"type":"left","reason":7}}')).toMatchObject(
      {
        problem: expect.stringContaining('announcement.reason'),
      },
    );
    expect(
      problem('{"type":"progress","progress":{"__proto__":{},"round":1,"activity":"training"}}'),
    ).toHaveProperty('problem');
  });

  it('never throw, whatever comes', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          type: fc.constantFrom('announcement', 'progress', 'pong', 'welcome', 'refused', 'receipt'),
          id: fc.anything(),
          announcement: fc.anything(),
          progress: fc.anything(),
          receipt: fc.anything(),
        })
        .map((value) => JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each))),
    );
    fc.assert(
      fc.property(anything, (text) => {
        for (const schema of [participantFrameSchema, hubFrameSchema]) {
          const parsed = parseFrame<unknown>(schema, text);
          if ('problem' in parsed) expect(parsed.problem.length).toBeLessThan(500);
        }
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  it('say a heartbeat that a timer can keep', () => {
    const problem = (heartbeatMs: number) =>
      parseFrame(
        hubFrameSchema,
        JSON.stringify({ type: 'welcome', participant: 'a', description: {}, heartbeatMs }),
      );
    for (const heartbeatMs of [1e12, 2 ** 31, 0, -1, 1e-9]) {
      expect(heartbeatMsSchema.safeParse(heartbeatMs).success, `${heartbeatMs}`).toBe(false);
      expect(problem(heartbeatMs)).toHaveProperty('problem');
    }
    expect(heartbeatMsSchema.safeParse(15_000).success).toBe(true);
  });

  it('of a hub of another version can be read where they refuse', () => {
    const later = '{"type":"refused","reason":"version","message":"the hub speaks version 2","more":1}';
    expect(parseFrame(hubFrameSchema, later)).toMatchObject({ frame: { reason: 'version' } });
  });

  it('are preceded by a version and a token in the list of subprotocols', () => {
    expect(readSubprotocols(subprotocols('abc'))).toEqual({
      name: `commonweight.${PROTOCOL_VERSION}`,
      version: `${PROTOCOL_VERSION}`,
      token: 'abc',
      watches: false,
    });
    expect(readSubprotocols(subprotocols('abc', 'watch'))).toMatchObject({ token: 'abc', watches: true });
    expect(readSubprotocols(['chat'])).toMatchObject({
      name: undefined,
      version: undefined,
      token: undefined,
    });
  });
});
