/**
 * What an attack is: what a participant that wishes the federation ill makes of its data, of its update, or of what it
 * knows of the others'. A builder function such as `signFlip()` returns one; its header names the paper. What comes out goes
 * the way of any update.
 */

import type { RandomStream } from '../base/random.js';
import type { Dataset } from '../data/dataset.js';

export type Attack = {
  readonly name: string;
  /** What it was built with, as a report shows it. */
  readonly settings: Readonly<Record<string, number>>;
} & Method;

/** By what it needs to know, for that says when it can be made. All states are flat and in one layout. */
type Method =
  /** Training is honest, the data is not. */
  | { readonly from: 'data'; poison(dataset: Dataset): Dataset }
  | {
      readonly from: 'own-update';
      /**
       * @param base the state that was copied to the attacker, w_t
       * @param trained what honest training made of it, w_k
       * @param stream the only source of chance
       */
      craft(base: Float32Array, trained: Float32Array, stream: RandomStream): Float32Array;
    }
  | {
      /** The attackers know everybody's update and train nothing. */
      readonly from: 'honest-updates';
      /** @param honest the honest participants' states of the round, at least one */
      craft(honest: readonly Float32Array[]): Float32Array;
    };
