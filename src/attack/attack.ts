/**
 * The interface of an attack: how a participant that works against the federation changes its data
 * or its update, or what it makes of the honest updates. A builder such as `signFlip()` returns
 * one; its header cites the paper. The result is sent like any update.
 */

import type { RandomStream } from '../base/random.js';
import type { Dataset } from '../data/dataset.js';

export type Attack = {
  readonly name: string;
  /** The settings it was built with, for reports. */
  readonly settings: Readonly<Record<string, number>>;
} & AttackMethod;

/**
 * By what the attack needs to know, which decides when it can be made. All states are flat and have
 * one layout.
 */
type AttackMethod =
  /** Training is honest, the data are not. */
  | { readonly from: 'data'; poison(dataset: Dataset): Dataset }
  | {
      readonly from: 'own-update';
      /**
       * @param base the state that was copied to the attacker, w_t
       * @param trained the state after honest training, w_k
       * @param stream the only source of random numbers
       */
      craft(base: Float32Array, trained: Float32Array, stream: RandomStream): Float32Array;
    }
  | {
      /** The attackers know every honest update and train nothing. */
      readonly from: 'honest-updates';
      /** @param honest the honest participants' states of the round, at least one */
      craft(honest: readonly Float32Array[]): Float32Array;
    };
