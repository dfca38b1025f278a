/**
 * The ONNX operators that models of this package use, each with its attributes. A model from
 * elsewhere may have no others: none of them reads a file, handles text or sequences, or calls
 * anything.
 */
export const OPERATORS = {
  Add: [],
  ArgMax: ['axis', 'keepdims'],
  AveragePool: ['kernel_shape', 'strides', 'pads'],
  BitShift: ['direction'],
  BitwiseAnd: [],
  BitwiseXor: [],
  Cast: ['to'],
  Concat: ['axis'],
  Conv: ['kernel_shape', 'strides', 'pads', 'dilations', 'group'],
  ConvTranspose: ['kernel_shape', 'strides', 'pads', 'dilations', 'group', 'output_padding'],
  Div: [],
  Equal: [],
  Erf: [],
  Exp: [],
  Expand: [],
  Gather: ['axis'],
  Gemm: ['transA', 'transB'],
  Greater: [],
  Identity: [],
  InstanceNormalization: ['epsilon'],
  LeakyRelu: ['alpha'],
  Less: [],
  Log: [],
  LogSoftmax: ['axis'],
  Loop: ['body'],
  MatMul: [],
  Max: [],
  MaxPool: ['kernel_shape', 'strides', 'pads'],
  Mul: [],
  Neg: [],
  Pad: [],
  Pow: [],
  Range: [],
  Reciprocal: [],
  ReduceMax: ['keepdims'],
  ReduceSum: ['keepdims'],
  Relu: [],
  Reshape: [],
  ScatterND: ['reduction'],
  Shape: ['start', 'end'],
  Sigmoid: [],
  Slice: [],
  Softmax: ['axis'],
  Sqrt: [],
  Sub: [],
  Sum: [],
  Tanh: [],
  Transpose: ['perm'],
  Unsqueeze: [],
  Where: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * Operators that only exported models have, which read the cells of a table as they are. A model
 * from elsewhere may not have them.
 */
export const CELL_OPERATORS = {
  IsNaN: [],
  /** Of the domain ai.onnx.ml. */
  LabelEncoder: ['keys_strings', 'values_int64s', 'default_int64'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The domain of an operator and the version of its set; that of ONNX itself if it is not here. */
export const DOMAINS: Readonly<Record<string, { readonly name: string; readonly version: number }>> = {
  LabelEncoder: { name: 'ai.onnx.ml', version: 2 },
};

type AllOperators = typeof OPERATORS & typeof CELL_OPERATORS;
export type Operator = keyof AllOperators;
export type AttributeOf<Type extends Operator> = AllOperators[Type][number];
