/** A strategy in one line: `trimmed-mean(trim=0.2)`, `multi-krum(f=2, m=5)`, `median`. */

/** A strategy by name with what it is told, as YAML has it too. */
export interface StrategySettings {
  readonly name: string;
  readonly [parameter: string]: unknown;
}

/** The parts of the text, or what is wrong with it. */
export function parseStrategy(text: string): StrategySettings | { readonly problem: string } {
  const [, name, inner] = /^\s*([^()]*[^()\s])\s*(?:\((.*)\))?\s*$/.exec(text) ?? [];
  if (name === undefined) return { problem: 'expected a name, or name(parameter=value, …)' };
  const settings: [string, unknown][] = [];
  for (const part of inner?.trim() ? inner.split(',') : []) {
    const [, parameter, value] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    if (parameter === undefined || value === undefined) {
      return { problem: `expected parameter=value, got "${part.trim()}"` };
    }
    if (parameter === 'name' || settings.some(([known]) => known === parameter)) {
      return { problem: `"${parameter}" is given twice` };
    }
    const number = Number(value);
    settings.push([parameter, Number.isNaN(number) ? value : number]);
  }
  return { ...Object.fromEntries(settings), name };
}

/** The one line of these settings, in their order. */
export function formatStrategy({ name, ...parameters }: StrategySettings): string {
  const pairs = Object.entries(parameters).map(([parameter, value]) => `${parameter}=${value}`);
  return pairs.length === 0 ? name : `${name}(${pairs.join(', ')})`;
}

/** "a, b(c=1, d=2)" → ["a", "b(c=1, d=2)"] */
export function splitStrategies(list: string): string[] {
  return list.split(/,(?![^(]*\))/).map((text) => text.trim());
}
