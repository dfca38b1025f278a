/** Parsers of flags: text → value, or an error that says what was expected. */

import { nearestName } from '../../base/nearest-name.js';
import { readStrategy } from '../../merge/strategies/strategies.js';
import { splitStrategies } from '../../merge/strategies/strategy-text.js';
import type { TargetSetting } from '../../metrics/target.js';
import { UsageError } from '../terminal/error.js';

export function wholeNumber(flag: string, from = 1, to = Number.MAX_SAFE_INTEGER) {
  const range = to === Number.MAX_SAFE_INTEGER ? `from ${from}` : `from ${from} to ${to}`;
  return (text: string): number => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text.trim()) && value >= from && value <= to) return value;
    throw expected(flag, text, `a whole number ${range}`);
  };
}

export function number(flag: string) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value)) return value;
    throw expected(flag, text, 'a number');
  };
}

/** "0.91", or "rmse<=3.2". */
export function target(flag: string) {
  return (text: string): TargetSetting => {
    const [, metric, sign, number = text] = /^\s*([A-Za-z][\w-]*)\s*([<>]=)(.+)$/.exec(text) ?? [];
    const value = Number(number);
    if (number.trim() === '' || !Number.isFinite(value)) {
      throw expected(flag, text, 'a number, or a metric with one, such as accuracy>=0.9');
    }
    if (metric === undefined) return value;
    return sign === '>=' ? { metric, atLeast: value } : { metric, atMost: value };
  };
}

export function positiveNumber(flag: string) {
  return (text: string): number => {
    const value = Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw expected(flag, text, 'a number above 0');
  };
}

export function oneOf<Name extends string>(flag: string, names: readonly Name[]) {
  return (text: string): Name => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const nearest = nearestName(text, names);
    throw expected(
      flag,
      text,
      `one of ${names.join(', ')}`,
      nearest === undefined ? undefined : `did you mean "${nearest}"?`,
    );
  };
}

/** A strategy's shortest line: "trimmed-mean(trim=0.2)". */
export function strategyOf(flag: string) {
  return (text: string): string => {
    const reading = readStrategy(text);
    if ('strategy' in reading) return reading.strategy.name;
    const { problem, hint } = reading;
    throw new UsageError(`${flag} ${problem}`, hint === undefined ? {} : { hint });
  };
}

/** "a,b(c=1,d=2)" */
export function strategyListOf(flag: string) {
  return (list: string): string[] => splitStrategies(list).map(strategyOf(flag));
}

/** "a,b,c" */
export function listOf<Value>(read: (text: string) => Value) {
  return (text: string): Value[] => text.split(',').map((part) => read(part.trim()));
}

function expected(flag: string, text: string, what: string, hint?: string): UsageError {
  return new UsageError(`${flag} is "${text}", expected ${what}`, hint === undefined ? {} : { hint });
}

/** @throws UsageError for a smallest count of 2 */
export function requireSmallest(smallest: number | undefined): void {
  if (smallest !== 2) return;
  throw new UsageError('--smallest is "2", expected 1 or a whole number from 3 to 1000', {
    hint: 'hiding counts of 1 alone would give them back',
  });
}
