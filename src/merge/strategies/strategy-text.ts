/** A strategy as one line: `trimmed-mean(trim=0.2)`, `multi-krum(f=2, m=5)`, `median`. */

/** A strategy by name with its parameters, as in YAML. */
export interface StrategySettings {
  readonly name: string;
  readonly [parameter: string]: unknown;
}

export interface StrategyParts {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What is wrong with the text after the name. */
  readonly problem?: string;
}

/** Splits a line into the name and the parameters in parentheses. */
export function parseStrategy(text: string): StrategyParts {
  const [before = ''] = text.split('(');
  const name = before.trim();
  const [rest, inner] = /^(?:\(([^()]*)\)\s*)?$/.exec(text.slice(before.length)) ?? [];
  const wrong = (problem: string) => ({ name, parameters: {}, problem });
  if (rest === undefined) return wrong('expected a name, or name(parameter=value, …)');
  const settings: [string, unknown][] = [];
  for (const part of inner?.trim() ? inner.split(',') : []) {
    const [, parameter, value] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (parameter === undefined || value === undefined) {
      return wrong(`expected parameter=value, got "${part.trim()}"`);
    }
    if (settings.some(([known]) => known === parameter)) return wrong(`"${parameter}" is given twice`);
    const number = Number(value);
    settings.push([parameter, Number.isNaN(number) ? value : number]);
  }
  return { name, parameters: Object.fromEntries(settings) };
}

/** The line for these settings, in their order. */
export function formatStrategy({ name, ...parameters }: StrategySettings): string {
  const pairs = Object.entries(parameters).map(([parameter, value]) => `${parameter}=${value}`);
  return pairs.length === 0 ? name : `${name}(${pairs.join(', ')})`;
}

/** "a, b(c=1, d=2)" → ["a", "b(c=1, d=2)"] */
export function splitStrategies(list: string): string[] {
  return list.split(/,(?![^(]*\))/).map((text) => text.trim());
}
