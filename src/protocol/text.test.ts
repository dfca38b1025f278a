import { describe, expect, it } from 'vitest';
import { announcementSchema } from './announcement.js';
import { participantNameSchema } from './text.js';

describe('words that cross the wire', () => {
  it('lose what a terminal would obey', () => {
    expect(announcementSchema.parse({ type: 'left', reason: 'bye\n\u001b]0;root\u0007' })).toEqual({
      type: 'left',
      reason: 'bye �]0;root�',
    });
  });

  it('are no names of participants where they could be a path, or hide what they are', () => {
    for (const name of ['site-a', 'Universitätsklinikum Köln, 3', 'a.b>c *', '..']) {
      expect(participantNameSchema.safeParse(name).success, name).toBe(true);
    }
    for (const name of ['', '../x', 'a\\b', 'a\u0000', '\u001b[2J', 'a\u202eb', 'x'.repeat(201)]) {
      expect(participantNameSchema.safeParse(name).success, name).toBe(false);
    }
  });
});
