import { describe, expect, it } from 'vitest';
import { announcementSchema } from '../protocol/announcement.js';
import { categoryNamesSchema, everybodySchema, participantNameSchema } from './text.js';

describe('words that cross the wire', () => {
  it('lose what a terminal would obey', () => {
    expect(announcementSchema.parse({ type: 'left', reason: 'bye\n\u001b]0;root\u0007' })).toEqual({
      type: 'left',
      reason: 'bye �]0;root�',
    });
  });

  it('are no names of participants where they could be a path, or hide what they are', () => {
    for (const name of ['site-a', 'Klinikum_Köln-3', '서울', 'नई-दिल्ली', '.x', '서'.repeat(64)]) {
      expect(participantNameSchema.safeParse(name).success, name).toBe(true);
    }
    for (const name of [
      '',
      '../x',
      'a\\b',
      'a\u0000',
      '\u001b[2J',
      'a\u202eb',
      'x'.repeat(65),
      'Klinikum Köln',
      'a;b',
      'a>',
      '..',
      'con',
      'Aux.1',
      'a ',
    ]) {
      expect(participantNameSchema.safeParse(name).success, name).toBe(false);
    }
  });

  it('are the same name in either spelling of Unicode, and no two of them one', () => {
    expect(participantNameSchema.parse('cafe\u0301')).toBe('caf\u00e9');
    expect(everybodySchema.safeParse(['a', 'caf\u00e9', 'CAFE\u0301']).success).toBe(false);
    expect(everybodySchema.safeParse(['a', 'b']).success).toBe(true);
    expect(categoryNamesSchema.parse(['cafe\u0301', 'A', 'a'])).toEqual(['caf\u00e9', 'A', 'a']);
    expect(categoryNamesSchema.safeParse(['caf\u00e9', 'b', 'cafe\u0301']).error?.issues[0]?.message).toBe(
      'has "caf\u00e9" at places 1 and 3, expected each once, in whatever spelling of Unicode',
    );
  });
});
