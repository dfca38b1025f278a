/**
 * Prefixes that wrappers put before all names of a state dict: `module.` by DataParallel, `model.`
 * by a model around the model, `_orig_mod.` by torch.compile. Names of two models are compared
 * without them where that makes them equal.
 */

export const wrapperPrefixes = ['module.', '_orig_mod.', 'model.'] as const;

/** The beginning of all names that wrappers may have put there, piece by piece. */
export function wrapperPrefix(names: Iterable<string>): readonly string[] {
  let rest = [...names];
  const found: string[] = [];
  for (;;) {
    const prefix = wrapperPrefixes.find(
      (one) => rest.length > 0 && rest.every((name) => name.startsWith(one)),
    );
    if (prefix === undefined) return found;
    found.push(prefix);
    rest = rest.map((name) => name.slice(prefix.length));
  }
}

/**
 * For each list of names the prefix to be taken off, so that they fit each other best. The prefix
 * is empty for all where they fit as they are, or do not fit at all.
 */
export function prefixesToTake(lists: readonly (readonly string[])[]): string[] {
  const chains = lists.map((names) => chainOf(wrapperPrefix(names)));
  const [first = [], firstChain = ['']] = [lists[0], chains[0]];
  const fits = lists.map((names, k) => bestFit(first, firstChain, names, chains[k] as readonly string[]));
  const most = firstChain[Math.max(...fits.map((fit) => fit?.first ?? 0))] ?? '';
  const bare = new Set(first.map((name) => name.slice(most.length)));
  return lists.map((names, k) => {
    const chain = chains[k] as readonly string[];
    const shared = (prefix: string) => names.filter((name) => bare.has(name.slice(prefix.length))).length;
    return chain.reduce((best, prefix) => (shared(prefix) > shared(best) ? prefix : best), '');
  });
}

/** "", "module.", "module.model." */
const chainOf = (prefix: readonly string[]): string[] => [
  '',
  ...prefix.map((_, k) => prefix.slice(0, k + 1).join('')),
];

/** How much is taken off the first list: the least with which most names are shared. */
function bestFit(
  first: readonly string[],
  firstChain: readonly string[],
  names: readonly string[],
  chain: readonly string[],
): { readonly first: number } | undefined {
  let best: { first: number; shared: number } | undefined;
  for (const [place, prefix] of firstChain.entries()) {
    const bare = new Set(first.map((name) => name.slice(prefix.length)));
    for (const other of chain) {
      const shared = names.filter((name) => bare.has(name.slice(other.length))).length;
      if (shared > (best?.shared ?? 0)) best = { first: place, shared };
    }
  }
  return best;
}
