import { describe, expect, it } from 'vitest';
import { type RecordedRunParts, recordedRun } from '../../../test/recorded-run.js';
import { markdownTable, markdownText } from '../markdown.js';
import { runMarkdown } from './run-markdown.js';
import { runPage } from './run-page.js';

const hostile = '<script>alert(1)</script>';
const classNames = [hostile, '"><img src=x onerror=alert(1)>', 'a | b'];
const sha256 = 'a'.repeat(64);

const decided = { index: 0, label: 0, own: [1, 2], merged: 0 };
const parts: RecordedRunParts = {
  configuration: { dataset: hostile, strategy: hostile, compare: ['__proto__'] },
  classNames,
  rounds: [{ own: [0.5, 0.6], copies: [0.5, 0.6], ownTest: [0.5, 0.6], merged: { [hostile]: 0.7 } }],
  labelCounts: {
    categories: classNames,
    participants: [{ name: hostile, train: 3, validation: 1, counts: [4, 0, 0] }],
  },
  details: [
    {
      round: 1,
      sha256,
      participants: [hostile, 'environment-2'],
      drift: {
        norms: [1, 2],
        cosines: [
          [1, -0.5],
          [-0.5, 1],
        ],
      },
      test: {
        examples: 6,
        confusion: {
          own: {
            [hostile]: [
              [2, 0, 0],
              [0, 2, 0],
              [0, 2, 0],
            ],
          },
          merged: {
            [hostile]: [
              [2, 0, 0],
              [0, 2, 0],
              [0, 0, 2],
            ],
          },
        },
        decided: { kept: [1, 2, 3], missed: [0, 0, 0], gained: [decided], lost: [] },
      },
    },
  ],
};

describe('the page of a run', () => {
  it('shows hostile names as text, everywhere', () => {
    const text = runPage(recordedRun(parts), new Map([[0, 'data:image/png;base64,AA']]));
    expect(text).not.toMatch(/<script|<img src=x/i);
    expect(text.match(/&lt;script&gt;/g)!.length).toBeGreaterThan(10);
    const tags = [...text.matchAll(/<(\w+)[^>]*?\son\w+=/g)];
    expect(tags).toEqual([]);
  });

  it('fetches nothing and runs nothing', () => {
    const text = runPage(recordedRun(parts), new Map());
    expect(text).not.toMatch(/<link|@import|\ssrc="(?!data:)|href=|javascript:/);
    expect([...text.matchAll(/https?:\/\/[^"\s]+/g)].map(([address]) => address)).toEqual(
      [...text.matchAll(/http:\/\/www\.w3\.org\/2000\/svg/g)].map(([address]) => address),
    );
  });

  it('says what is missing in a run that recorded less', () => {
    const { configuration, rounds } = parts;
    const text = runPage(
      recordedRun({ configuration: { ...configuration, dataset: 'd' }, rounds }),
      'no data',
    );
    expect(text.match(/class="note">[^<]*/g)).toEqual([
      'class="note">Label counts are not shown: they tell about the participants’ data, and this run did not record them. In a simulation, ',
      'class="note">Not recorded: the run was made by an earlier version, or nothing is merged yet. The updates themselves do not stay.',
      'class="note">Not recorded: the run was made by an earlier version, or nothing is merged yet.',
      'class="note">Not recorded: the run was made by an earlier version.',
    ]);
  });

  it('shows no pictures where they cannot be had, and says why', () => {
    const text = runPage(recordedRun(parts), 'data: <gone>');
    expect(text).toContain('The images cannot be shown: data: &lt;gone&gt;.');
    expect(text).not.toContain('<img');
  });

  it('stands even before the first merge', () => {
    expect(runPage(recordedRun({ rounds: [] }), new Map())).toContain('The run is not finished: round 1');
  });
});

describe('the summary of a run', () => {
  it('shows hostile names as text', () => {
    const text = runMarkdown(recordedRun(parts));
    expect(text).not.toContain('<');
    expect(text).toContain('a \\| b');
    const table = text.split('\n').filter((line) => line.startsWith('|'));
    const cells = (line: string) => line.replaceAll('\\|', '').split('|').length;
    const widths = new Set(table.slice(0, 3).map(cells));
    expect(widths.size).toBe(1);
  });

  it('says that label counts are not shared', () => {
    const { labelCounts: _, ...without } = parts;
    expect(runMarkdown(recordedRun(without))).toContain('Label counts are not shared.');
  });
});

describe('Markdown', () => {
  it('escapes what has a meaning there', () => {
    expect(markdownText('*a*_b_ `c` [d](e) <f>\n| & \\')).toBe(
      '\\*a\\*\\_b\\_ \\`c\\` \\[d\\](e) &lt;f&gt; \\| &amp; \\\\',
    );
  });

  it('makes tables', () => {
    expect(markdownTable(['a', 'b'], [['x|y', '1']])).toBe('| a | b |\n|---|---:|\n| x\\|y | 1 |');
  });
});
