/**
 * The values that a federation begins with: of the state that training carries, of tensors that
 * stay with their owner, and of what is frozen. They are drawn by the seed when they are asked for,
 * unless a model is given to start from. Constants are those of the settings, or of that model, or
 * are made by a phase before round 1.
 * Participants on other machines are sent what they cannot draw of it.
 */
import { matchesAny } from '../../base/patterns.js';
import { type Constants, checkConstants } from '../../engine/nn/layers/constants.js';
import { ADAPTERS, mergedLora } from '../../engine/nn/layers/lora.js';
import {
  frozenLayoutOf,
  initialFrozen,
  initialState,
  layoutOf,
  modelLayoutOf,
  type Parameter,
} from '../../engine/nn/layers/network.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { roleOf } from '../../tensor/roles.js';
import {
  arrangeState,
  joinStates,
  partOfState,
  type StateDict,
  type StateLayout,
  stateLayout,
  tensorView,
} from '../../tensor/state-dict.js';
import { fitState } from '../../tensor/weights/fit-state.js';
import type { FrozenWeights } from '../methods/frozen-weights.js';
import { makerOf } from '../methods/made-constants.js';
import type { OwnTensors, SplitLayout } from '../methods/own-tensors.js';

/** A model to start from. */
export interface GivenModel {
  readonly state: StateDict;
  /** Its name in errors. */
  readonly name: string;
  /** Tensors that it lacks, and that the seed draws: a new last layer. */
  readonly drawn?: readonly string[] | undefined;
}

/**
 * A model to start from, in the order of the network. Adapters, which it does not have, are drawn,
 * and so is what it lacks by intention.
 * @throws TensorError that names all tensors that are missing, not expected, or of another shape
 */
export function givenModel(
  { seed, lora }: Configuration,
  parameters: readonly Parameter[],
  { state, name: source, drawn = [] }: GivenModel,
): StateDict {
  const isDrawn = ({ name }: Parameter) =>
    drawn.includes(name) || (lora !== undefined && matchesAny(name, ADAPTERS));
  const fresh = parameters.filter(isDrawn);
  const model = parameters.filter((parameter) => !isDrawn(parameter));
  const given = fitState(state, modelLayoutOf(model), source);
  if (fresh.length === 0) return given;
  return joinStates(
    modelLayoutOf(parameters),
    given,
    initialState(fresh, seed, 'initial weights'),
    initialFrozen(fresh, seed, 'initial weights'),
  );
}

/**
 * The state that a participant begins with: everybody with the same, unless they are independent.
 */
export function initialWeights(
  { seed, initialModel, initialWeights }: Configuration,
  parameters: readonly Parameter[],
  given: StateDict | undefined,
  source: string,
): (participant: string) => StateDict {
  const drawn = (...of: readonly string[]) => initialState(parameters, seed, 'initial weights', ...of);
  let common = given && partOfState(given, layoutOf(parameters));
  return (participant) => {
    if (given === undefined && initialModel !== undefined) {
      throw new ConfigurationError(
        `${source}: "initialModel" names a model to start from, expected the coordinator to send it`,
      );
    }
    if (common === undefined && initialWeights === 'independent') return drawn(participant);
    // Drawn when it is asked for: who only merges may never need it.
    common ??= drawn();
    return common;
  };
}

/** Those that everybody begins with are cut once. */
export function partOf(layout: StateLayout, initial: (participant: string) => StateDict) {
  let last: { readonly whole: StateDict; readonly part: StateDict } | undefined;
  return (participant: string) => {
    const whole = initial(participant);
    if (last?.whole !== whole) last = { whole, part: partOfState(whole, layout) };
    return last.part;
  };
}

/**
 * @param held what came from the coordinator: the model to start from, or a network, is there alone
 */
export function ownTensors(
  layout: SplitLayout,
  initial: (participant: string) => StateDict,
  held: StateDict | undefined,
): OwnTensors {
  const sent = held && partThere(held, layout.own, 'the own tensors to begin with');
  return { layout, initial: sent === undefined ? partOf(layout.own, initial) : () => sent };
}

/** These tensors of a state that may have others, too; undefined where it lacks one. */
function partThere(state: StateDict, layout: StateLayout, what: string): StateDict | undefined {
  const there = state.layout.filter(({ name }) => layout.some((entry) => entry.name === name));
  if (there.length < layout.length) return undefined;
  // Frozen weights may be most of the memory: they are not copied where nothing else is there.
  if (there.length === state.layout.length) return arrangeState(state, layout, what);
  const part = partOfState(state, stateLayout(there.map(({ name, shape }) => [name, shape])));
  return arrangeState(part, layout, what);
}

/**
 * What no step changes: of the given model, or else drawn by the seed, the same for everybody. The
 * constants of the settings replace those of the model.
 * @throws NetworkError when a constant is not given, or has a value that is not allowed
 */
export function frozenWeights(
  configuration: Configuration,
  parameters: readonly Parameter[],
  given: StateDict | undefined,
): FrozenWeights | undefined {
  const { seed, initialModel, constants = {}, lora } = configuration;
  const layout = frozenLayoutOf(parameters);
  if (layout.length === 0) return undefined;
  const maker = makerOf(configuration);
  const madeBy = (by: ReturnType<typeof maker>) => parameters.filter(({ name }) => maker(name) === by);
  const there = madeBy('nobody');
  const whole = modelLayoutOf(parameters);
  /** Of a model with these parts. */
  const wholeOf = (parts: readonly StateDict[]) =>
    stateLayout(
      whole
        .filter(({ name }) => parts.some((part) => part.layout.some((entry) => entry.name === name)))
        .map(({ name, shape }) => [name, shape]),
    );
  const known = frozenLayoutOf(there);
  const sent = given && partThere(given, known, 'the frozen weights');
  const drawn = () => initialFrozen(there, seed, 'initial weights');
  let values = sent && withSettings(sent, constants);
  const hasConstants = known.some(({ name }) => roleOf(name) === 'constant');
  // A constant that nobody gives is found before anything is trained.
  if (initialModel === undefined && hasConstants) values ??= drawn();
  if (values !== undefined) checkConstants(there, values);
  const frozen = {
    layout,
    made: frozenLayoutOf(madeBy('survey')),
    isKnown: known.length === layout.length,
    get known() {
      if (known.length === 0) return undefined;
      if (values === undefined && initialModel !== undefined) {
        throw new ConfigurationError(
          'the frozen weights are those of "initialModel", expected the coordinator to send them',
        );
      }
      // Drawn when they are asked for: who only describes the federation needs none.
      values ??= drawn();
      return values;
    },
    whole(constants: StateDict | undefined, beside?: Float32Array) {
      if (constants !== undefined) {
        const has = ({ name }: Parameter) => constants.layout.some((entry) => entry.name === name);
        checkConstants(parameters.filter(has), constants);
      }
      return joinFrozen(layout, beside, frozen.known, constants);
    },
    complete(state: StateDict, constants: StateDict | undefined) {
      const parts = [state, frozen.known, constants].filter((part) => part !== undefined);
      const table = wholeOf(parts);
      return lora ? mergedLora(table, parts, lora) : joinStates(table, ...parts);
    },
  };
  return frozen;
}

/**
 * What is known and what was made, together. The rest is as it is in the vector beside it: what
 * others made.
 * @throws TensorError when something is in neither
 */
export function joinFrozen(
  layout: StateLayout,
  beside: Float32Array | undefined,
  ...parts: readonly (StateDict | undefined)[]
): StateDict {
  const there = parts.filter((part) => part !== undefined);
  return joinStates(layout, ...there, ...(beside ? [{ layout, data: beside }] : []));
}

/** The values with the constants of the settings. */
function withSettings(given: StateDict, constants: Constants): StateDict {
  if (Object.keys(constants).length === 0) return given;
  const state = { layout: given.layout, data: given.data.slice() };
  for (const [name, values] of Object.entries(constants)) tensorView(state, name).set(values);
  return state;
}
