/**
 * Values of constants: tensors that are given before training, such as the mean and the deviation
 * of an input. They are not part of the plan, so its hash is known before they are, and is the same
 * for all values.
 */
import { nearestName } from '../../../base/nearest-name.js';
import { formatShape, sizeOf } from '../../../tensor/shape.js';
import { type StateDict, tensorView } from '../../../tensor/state-dict.js';
import { NetworkError, type Parameter } from './network.js';

/** The values of each, row-major, by the name of the tensor. */
export type Constants = Readonly<Record<string, readonly number[]>>;

/**
 * The parameters, with these values for constants. Other constants may get theirs from a model.
 * @throws NetworkError when the network has no such constant, or one of another size
 */
export function withConstants(
  parameters: readonly Parameter[],
  constants: Constants = {},
): readonly Parameter[] {
  const there = parameters.filter(({ role }) => role === 'constant');
  for (const [name, values] of Object.entries(constants)) {
    const parameter = there.find((candidate) => candidate.name === name);
    if (parameter === undefined) throw unknownConstant(name, there);
    if (values.length === sizeOf(parameter.shape)) continue;
    throw new NetworkError(
      `network: "constants" gives ${values.length} numbers for "${name}", expected ${sizeOf(parameter.shape)}, for it is ${formatShape(parameter.shape)}`,
    );
  }
  return parameters.map((parameter) => {
    const values = Object.hasOwn(constants, parameter.name) ? constants[parameter.name] : undefined;
    return values === undefined ? parameter : { ...parameter, initializer: (out) => out.set(values) };
  });
}

/** @throws NetworkError when a constant of this state has a value that it cannot have */
export function checkConstants(parameters: readonly Parameter[], state: StateDict): void {
  for (const { name, role, above = Number.NEGATIVE_INFINITY } of parameters) {
    if (role !== 'constant') continue;
    const values = tensorView(state, name);
    const bad = values.findIndex((value) => !(Number.isFinite(value) && value > above));
    if (bad < 0) continue;
    const expected =
      above === Number.NEGATIVE_INFINITY ? 'a finite number' : `a finite number above ${above}`;
    throw new NetworkError(
      `network: the constant "${name}" is ${values[bad]} at index ${bad}, expected ${expected}`,
    );
  }
}

function unknownConstant(name: string, there: readonly Parameter[]): NetworkError {
  const names = there.map((parameter) => parameter.name);
  const near = nearestName(name, names);
  return new NetworkError(`network: "constants" names "${name}", which the network does not have`, {
    hint:
      near !== undefined
        ? `did you mean "${near}"?`
        : names.length === 0
          ? 'leave it out: the network has no constants'
          : `the network has ${names.join(', ')}`,
  });
}
