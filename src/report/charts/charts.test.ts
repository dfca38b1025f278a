import { describe, expect, it } from 'vitest';
import { html } from '../html.js';
import { page, table } from '../page.js';
import { pageStyle } from '../page-style.js';
import { barChart } from './bar-chart.js';
import { heatMap } from './heat-map.js';
import { lineChart } from './line-chart.js';

const hostile = '<script>alert("1")</script> & \'co\'';
const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;';
const percent = (value: number) => `${Math.round(100 * value)}%`;

describe('a template', () => {
  it('escapes what is put in, but not what another template made', () => {
    const name = html`<b title="${hostile}">${hostile}</b>`;
    expect(html`<p>${[name, 1, undefined]}</p>`.markup).toBe(`<p><b title="${escaped}">${escaped}</b>1</p>`);
  });

  it('does not take data that looks like a template’s for one', () => {
    const read = JSON.parse('"{\\"markup\\":\\"<script>\\"}"') as string;
    expect(html`${read}`.markup).toBe('{&quot;markup&quot;:&quot;&lt;script&gt;&quot;}');
  });
});

describe('a chart', () => {
  const x = { name: 'round', values: [1, 2, 3], whole: true };
  const line = (name: string, values: (number | undefined)[]) => ({ name, values });
  const charts = {
    line: lineChart({
      title: hostile,
      x: { ...x, name: hostile },
      format: percent,
      lines: [
        { ...line(hostile, [0.5, undefined, 0.7]), band: [[0.4, 0.6], undefined, [0.6, 0.9]] },
        line('b', [0.2, 0.3, 0.4]),
      ],
      levels: [{ name: hostile, value: 0.95 }],
    }).markup,
    heat: heatMap({
      title: hostile,
      rows: [hostile, 'b'],
      columns: ['a', hostile],
      axes: [hostile, hostile],
      values: [
        [1, 2],
        [undefined, 4],
      ],
      format: String,
      shade: (value) => value / 4,
    }).markup,
    bar: barChart({
      title: hostile,
      names: [hostile, 'b'],
      format: percent,
      series: [{ name: hostile, values: [0.5, undefined] }],
    }).markup,
  };

  it.each(Object.entries(charts))(
    'of kind %s has no style within it, which a policy may forbid',
    (_, markup) => {
      expect(markup).not.toMatch(/ style=|<style/);
      expect(markup).toMatch(/ font-size="12px"/);
    },
  );

  it.each(Object.entries(charts))('of kind %s shows hostile names as text', (_, markup) => {
    expect(markup).not.toContain('<script');
    expect(markup).toContain('&lt;script&gt;');
  });

  it.each(Object.entries(charts))('of kind %s has no script, no style and no id of its own', (_, markup) => {
    expect(markup).not.toMatch(/<style|<script|onclick|\sid=|url\(|ecmeta|zr\d/);
  });

  it.each(Object.entries(charts))('of kind %s takes its colours from the page', (_, markup) => {
    const colours = [...markup.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour);
    expect(colours.filter((colour) => !/^(none|currentColor|var\(--[\w-]+\))$/.test(colour!))).toEqual([]);
    const variables = [...markup.matchAll(/var\((--[\w-]+)\)/g)].map(([, name]) => name);
    expect(variables.filter((name) => !pageStyle.includes(`${name}: #`))).toEqual([]);
  });

  it('draws the same bytes again', () => {
    const again = () => lineChart({ title: 't', x, format: percent, lines: [line('a', [1, 2, 3])] }).markup;
    expect(again()).toBe(again());
  });

  it('is a line through the rounds that were evaluated, where most were not', () => {
    const rounds = Array.from({ length: 60 }, (_, at) => at + 1);
    const values = rounds.map((round) => (round % 10 === 0 ? round / 100 : undefined));
    const { markup } = lineChart({
      ...{ title: 't', x: { ...x, values: rounds }, format: percent },
      lines: [line('a', values)],
    });
    expect(markup).toMatch(/d="M[\d. ]+(L[\d. ]+){5}" fill="none" stroke="var\(--series-1\)"/);
  });

  it('leaves a gap where there is no number, and takes in the band and the level', () => {
    const labels = [...charts.line.matchAll(/>(\d+)%</g)].map(([, label]) => Number(label));
    expect(Math.min(...labels)).toBeLessThanOrEqual(20);
    expect(Math.max(...labels)).toBeGreaterThanOrEqual(95);
    expect(charts.line).toMatch(/d="M[\d. ]+M[\d. ]+" fill="none" stroke="var\(--series-1\)"/);
  });

  it('of one round shows that round alone, and no accuracy above 100%', () => {
    const { markup } = lineChart({
      title: 't',
      x: { ...x, values: [1] },
      format: percent,
      lines: [line('a', [1])],
    });
    const labels = [...markup.matchAll(/>(\d+)(%?)<\/text>/g)].map(([, label, sign]) => label! + sign);
    expect(labels.filter((label) => !label.endsWith('%'))).toEqual(['1', '1']);
    expect(Math.max(...labels.map((label) => Number.parseInt(label, 10)))).toBe(100);
  });

  it('of numbers that are nearly one has labels that differ', () => {
    const { markup } = lineChart({
      ...{ title: 'near', x },
      format: (value) => `${(100 * value).toFixed(1)}%`,
      lines: [line('a', [0.8801, 0.8803, 0.8806])],
    });
    const [drawing = ''] = markup.split('</svg>');
    const labels = [...drawing.matchAll(/>([\d.]+%)</g)].map(([, label]) => label);
    expect(labels.length).toBeGreaterThan(2);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('says a cell’s number, and nothing where there is none', () => {
    expect(charts.heat).toMatch(/>4<\/text>/);
    expect(charts.heat.match(/fill="var\(--heat\)"/g)).toHaveLength(6);
  });
});

describe('a page', () => {
  const text = page(hostile, table({ caption: hostile, head: ['a', hostile], rows: [[hostile, hostile]] }));

  it('stands alone and shows hostile names as text', () => {
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text).toContain(`<title>${escaped}</title>`);
    expect(text).not.toMatch(/<script|<link|@import|https?:/);
  });
});
