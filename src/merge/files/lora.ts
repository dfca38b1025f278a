/**
 * LoRA adapters: a change of a weight as a product of two thin matrices, B·A, each in a tensor of
 * its own. The mean of the A times the mean of the B is not the mean of the products.
 * @see Hu et al. 2021, https://arxiv.org/abs/2106.09685
 */

/** The names of A and B in PEFT, kohya and diffusers. */
const namings = [
  ['lora_A', 'lora_B'],
  ['lora_embedding_A', 'lora_embedding_B'],
  ['lora_down', 'lora_up'],
  ['lora.down', 'lora.up'],
] as const;

export interface LoraPair {
  readonly a: string;
  readonly b: string;
}

/** Each pair of tensors that are the factors of one product. */
export function loraPairs(names: readonly string[]): LoraPair[] {
  const known = new Set(names);
  return names.flatMap((a) => {
    const naming = namings.find(([down]) => a.includes(`.${down}`) || a.startsWith(down));
    const b = naming && a.replace(naming[0], naming[1]);
    return b !== undefined && known.has(b) ? [{ a, b }] : [];
  });
}

/** A warning if these tensors are LoRA factors that were merged like weights. */
export function loraNote(names: readonly string[]): string | undefined {
  const { length } = loraPairs(names);
  if (length === 0) return undefined;
  const pairs = `${length} ${length === 1 ? 'pair' : 'pairs'}`;
  return `LoRA: A and B of ${pairs} were merged separately, which does not merge the products B·A; use --lora products to average the products`;
}
