/** Settings of a network and of its training, by name: what a configuration may ask of this room. */
import { z } from 'zod';

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().min(1);

/** A network, by name. */
export const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('paper-cnn'),
    kernel: z.union([z.literal(3), z.literal(5)]).default(3),
    dropout: z.number().min(0).max(0.95).default(0),
  }),
  z.strictObject({ name: z.literal('lenet5') }),
  z.strictObject({
    name: z.literal('mlp'),
    hidden: z.array(count).min(1).max(256).default([256, 128]),
    dropout: z.number().min(0).max(0.95).default(0),
  }),
  z.strictObject({ name: z.literal('resnet8') }),
  /** The network that the caller passes. */
  z.strictObject({ name: z.literal('custom') }),
]);

export const lossSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('softmax-cross-entropy'),
    labelSmoothing: z.number().min(0).max(0.9).default(0),
  }),
  z.strictObject({ name: z.literal('mean-squared-error') }),
]);

/** Until which round it is at work, or, below 1, until which part of the run; to the end by default. */
const until = z.union([count, z.number().gt(0).lt(1)]).optional();
export const correctionSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('fed-prox'), mu: z.number().min(0).default(0.01), until }),
  z.strictObject({ name: z.literal('scaffold'), until }),
  z.strictObject({ name: z.literal('fed-rs'), alpha: fraction.default(0.5), until }),
  z.strictObject({ name: z.literal('fed-lc'), tau: z.number().min(0).default(1), until }),
  z.strictObject({
    name: z.literal('fed-ntd'),
    beta: z.number().min(0).default(1),
    temperature: positive.default(1),
    until,
  }),
  z.strictObject({ name: z.literal('fed-babu'), until }),
]);

const decay = z.number().min(0).default(0);
const beta = (value: number) => z.number().min(0).max(0.99999).default(value);
const adamSettings = {
  learningRate: positive.default(1e-3),
  beta1: beta(0.9),
  beta2: beta(0.999),
  epsilon: positive.default(1e-8),
};
export const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    learningRate: positive,
    momentum: beta(0),
    nesterov: z.boolean().default(false),
    weightDecay: decay,
  }),
  z.strictObject({ name: z.literal('adam'), ...adamSettings, weightDecay: decay }),
  z.strictObject({ name: z.literal('adamw'), ...adamSettings, weightDecay: z.number().min(0).default(0.01) }),
]);

/** A schedule of a learning rate: over the steps of a run, or over its rounds. */
export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({ name: z.literal('linear-warm-up'), warmUp: fraction.default(0.1) }),
  z.strictObject({ name: z.literal('cosine'), warmUp: fraction.default(0), floor: fraction.default(0) }),
  z.strictObject({ name: z.literal('one-cycle'), warmUp: fraction.default(0.3) }),
]);

export type ModelSettings = z.output<typeof modelSchema>;
export type LossSettings = z.output<typeof lossSchema>;
export type CorrectionSettings = z.output<typeof correctionSchema>;
export type OptimizerSettings = z.output<typeof optimizerSchema>;
export type ScheduleSettings = z.output<typeof scheduleSchema>;
