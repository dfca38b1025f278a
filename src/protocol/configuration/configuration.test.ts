import { describe, expect, it } from 'vitest';
import { ConfigurationError, type ConfigurationInput, parseConfiguration } from './configuration.js';

const smallest: ConfigurationInput = {
  partition: { name: 'v' },
  model: { name: 'mlp' },
  optimizer: { name: 'adam' },
  local: { epochs: 1 },
  rounds: 1,
};

function complaint(change: Record<string, unknown>) {
  try {
    parseConfiguration({ ...smallest, ...change }, 'federation.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const { message, hint } = error as ConfigurationError;
    expect(message).toMatch(/^federation\.yaml: /);
    return [message.replace('federation.yaml: ', ''), hint];
  }
  return undefined;
}

describe('a configuration', () => {
  it('has a default for whatever it does not say', () => {
    expect(parseConfiguration(smallest, 'test')).toMatchObject({
      seed: 0,
      dataset: 'fashion-mnist',
      partition: { name: 'v', participants: 2, validation: 0.1 },
      model: { name: 'mlp', hidden: [256, 128], dropout: 0 },
      optimizer: { name: 'adam', learningRate: 0.001, beta1: 0.9 },
      strategy: 'mean',
      mergeOn: 'weights',
    });
  });

  it('is the same when it is parsed again', () => {
    const once = parseConfiguration(smallest, 'test');
    expect(parseConfiguration(JSON.parse(JSON.stringify(once)), 'test')).toEqual(once);
  });

  it.each([
    [
      'a number that is too large',
      { local: { epochs: 1, threshold: 1.2 } },
      '"local.threshold" is 1.2, expected a number from 0 to 1',
    ],
    ['a number that must be above', { clipNorm: 0 }, '"clipNorm" is 0, expected a number above 0'],
    ['a fraction', { rounds: 1.5 }, '"rounds" is 1.5, expected a whole number from 1'],
    ['a text in place of a number', { rounds: '3' }, '"rounds" is "3", expected a whole number from 1'],
    ['two limits', { batchSize: 5000 }, '"batchSize" is 5000, expected a whole number from 1 to 4096'],
    [
      'not a number',
      { reference: Number.NaN },
      '"reference" is null, expected a number or settings such as metric, atLeast, atMost',
    ],
    [
      'a metric of another task',
      { metrics: ['accuracy', 'rmse'] },
      '"metrics" has "rmse", expected names among accuracy, balanced-accuracy, f1-macro, f1-weighted, auroc, average-precision, brier, calibration-error, sensitivity, specificity, loss, the metrics of classification',
    ],
    [
      'a metric twice',
      { metrics: ['auroc', 'auroc'] },
      '"metrics" is ["auroc","auroc"], expected each metric once',
    ],
    [
      'the loss alone',
      { metrics: ['loss'] },
      '"metrics" is ["loss"], expected another metric beside loss, which is always measured',
    ],
    [
      'a target of a metric that is not chosen',
      { metrics: ['auroc'], reference: { metric: 'accuracy', atLeast: 0.9 } },
      '"reference.metric" is "accuracy", expected one of auroc, loss, the metrics of this task',
    ],
    ['what is missing', { rounds: undefined }, '"rounds" is missing, expected a whole number from 1'],
    [
      'a missing group',
      { local: undefined },
      '"local" is missing, expected settings such as epochs, steps, threshold, firstThreshold',
    ],
    [
      'a missing choice',
      { model: undefined },
      '"model" is missing, expected settings with a "name", one of paper-cnn, lenet5, mlp, logistic-regression, linear-regression, tabular-resnet, cnn1d, resnet8, unet, bag-of-embeddings, transformer, onnx, custom',
    ],
    [
      'a group without its name',
      { optimizer: { learningRate: 1 } },
      '"optimizer.name" is missing, expected one of sgd, adam, adamw',
    ],
    [
      'what a choice must have',
      { optimizer: { name: 'sgd' } },
      '"optimizer.learningRate" is missing, expected a number above 0',
    ],
    [
      'a choice of numbers',
      { model: { name: 'paper-cnn', kernel: 4 } },
      '"model.kernel" is 4, expected 3 or 5',
    ],
    [
      'an item of a list',
      { model: { name: 'mlp', hidden: [8, 0] } },
      '"model.hidden.1" is 0, expected a whole number from 1',
    ],
    [
      'an empty list',
      { model: { name: 'mlp', hidden: [] } },
      '"model.hidden" is [], expected a list of at least one of a whole number from 1',
    ],
    ['a yes', { pooled: 'yes' }, '"pooled" is "yes", expected true or false'],
    ['an empty text', { dataset: '' }, '"dataset" is "", expected a text that is not empty'],
  ])('is refused for %s, with field, value and what was expected', (_, change, message) => {
    expect(complaint(change)).toEqual([message, undefined]);
  });

  it.each([
    [
      'a target of a metric that the task does not have',
      { reference: { metric: 'acuracy', atLeast: 0.9 } },
      '"reference.metric" is "acuracy", expected one of accuracy, loss, the metrics of this task',
      'did you mean "accuracy"?',
    ],
    [
      'a target in the wrong direction',
      { local: { epochs: 1, threshold: { metric: 'accuracy', atMost: 0.9 } } },
      '"local.threshold.atMost" is 0.9, expected "atLeast": of "accuracy" higher is better',
      'such as { metric: accuracy, atLeast: 0.9 }',
    ],
    [
      'a name of a choice',
      { optimizer: { name: 'adm' } },
      '"optimizer.name" is "adm", expected one of sgd, adam, adamw',
      'did you mean "adam"?',
    ],
    [
      'a word of a list',
      { mergeOn: 'update' },
      '"mergeOn" is "update", expected one of weights, updates',
      'did you mean "updates"?',
    ],
    [
      'a field of a group',
      { local: { epoch: 1 } },
      '"local.epoch" is unknown, expected one of epochs, steps, threshold, firstThreshold',
      'did you mean "local.epochs"?',
    ],
    [
      'a field of a choice',
      { model: { name: 'mlp', kernel: 3 } },
      '"model.kernel" is unknown, expected one of name, hidden, dropout, embeddings, norm',
      undefined,
    ],
  ])('is refused for %s that is not known, with the nearest that is', (_, change, message, hint) => {
    expect(complaint(change)).toEqual([message, hint]);
  });

  it.each([
    [
      'metrics of a task that has its own',
      {
        metrics: ['auroc'],
        task: { name: 'custom', metrics: [{ name: 'iou', better: 'higher', format: 'percent' }] },
      },
      '"metrics" is set, but "task" is "custom", expected a task whose metrics can be chosen: classification, multi-label, segmentation, regression',
      'leave "metrics" out: such a task has its own',
    ],
    [
      'a loss of numbers for classes',
      { loss: { name: 'huber' } },
      '"loss" is "huber", a loss of numbers, but "task" is "classification", expected regression',
      'leave "loss" out, or set "task" to { name: regression }',
    ],
    [
      'two final models',
      { finalRound: 'best', average: { name: 'ema', final: true } },
      '"finalRound" is "best", but with "average.final" an average of rounds is the final model, expected one of both',
      'leave "finalRound" or "average.final" out',
    ],
    [
      'attackers only',
      { attack: { name: 'noise', attackers: 2 } },
      '"attack.attackers" is 2, expected fewer than the 2 participants',
      'take more participants, or fewer attackers',
    ],
    [
      'rounds that might have no honest update for the attackers',
      { attack: { name: 'alie' }, participantsPerRound: 1 },
      '"participantsPerRound" is 1, expected more than the 1 attackers: alie is made of honest updates, of which a round might have none',
      'draw more participants, or take fewer attackers',
    ],
    [
      'control variates of attackers that train nothing',
      {
        attack: { name: 'alie' },
        correction: { name: 'scaffold' },
        optimizer: { name: 'sgd', learningRate: 0.1 },
      },
      '"attack" is "alie", whose attackers train nothing, but "correction" is "scaffold", expected control variates of everybody',
      'take another attack, or another correction',
    ],
    [
      'neither epochs nor steps',
      { local: {} },
      '"local" has neither "epochs" nor "steps", expected one of them',
      'set "local.epochs" to 1, for example',
    ],
    [
      'epochs beside steps',
      { local: { epochs: 1, steps: 4 } },
      '"local" has "steps" and "epochs", expected one of them: work of so many steps ends after these',
      'leave "local.steps" or "local.epochs" out',
    ],
    [
      'a threshold beside steps',
      { local: { steps: 4, threshold: 0.9 } },
      '"local" has "steps" and "threshold", expected one of them: work of so many steps ends after these',
      'leave "local.steps" or "local.threshold" out',
    ],
    [
      'steps that do not begin in the first round',
      { local: { steps: [{ from: 2, steps: 4 }] } },
      '"local.steps.0.from" is 2, expected 1: the list begins with the first round',
      'such as [{ from: 1, steps: 64 }, { from: 50, steps: 16 }]',
    ],
    [
      'steps whose rounds do not follow one another',
      {
        local: {
          steps: [
            { from: 1, steps: 4 },
            { from: 5, steps: 2 },
            { from: 5, steps: 1 },
          ],
        },
      },
      '"local.steps.2.from" is 5, expected a later round than that of the line before',
      'such as [{ from: 1, steps: 64 }, { from: 50, steps: 16 }]',
    ],
    [
      'control variates beside momentum',
      {
        correction: { name: 'scaffold' },
        optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
      },
      '"correction" is "scaffold", but "optimizer" has momentum, expected plain gradient steps, since its control variates are computed from their sum',
      'set "optimizer" to { name: sgd, learningRate: … } without momentum',
    ],
    [
      'control variates beside an adaptive optimizer',
      { correction: { name: 'scaffold' } },
      '"correction" is "scaffold", but "optimizer" is "adam", expected plain gradient steps, since its control variates are computed from their sum',
      'set "optimizer" to { name: sgd, learningRate: … } without momentum',
    ],
    [
      'control variates beside learning rates of groups',
      {
        correction: { name: 'scaffold' },
        optimizer: {
          ...{ name: 'sgd', learningRate: 0.1 },
          groups: [
            { weights: ['*.bias'], weightDecay: 0 },
            { weights: ['fc1.*'], learningRateFactor: 0.1 },
          ],
        },
      },
      '"correction" is "scaffold", but "optimizer.groups.1.learningRateFactor" is set, expected one learning rate for all weights, since its control variates are computed from the sum of the rates',
      'leave the factor out, or take another correction',
    ],
    [
      'a correction of the softmax beside another loss',
      { correction: { name: 'fed-lc' }, loss: { name: 'mean-squared-error' } },
      '"correction" is "fed-lc", but "loss" is "mean-squared-error", expected softmax-cross-entropy',
      'fed-prox, scaffold and fed-babu go with every loss',
    ],
    [
      'a refit of a regression, whose last layer is of no classes',
      { refit: {}, task: { name: 'regression' } },
      '"refit" asks for a refit of the last layer to classes, but "task" is "regression", expected classification',
      'leave "refit" out',
    ],
    [
      'participants whose files would meet on other systems',
      { participants: ['site-A', 'site-a'] },
      '"participants" has "site-A" and "site-a", expected names that differ in more than case or spelling: their files would meet on some systems',
      'rename one of them',
    ],
    [
      'more participants a round than there are',
      { participantsPerRound: 3 },
      '"participantsPerRound" is 3, expected at most "partition.participants", which is 2',
      'leave "participantsPerRound" out, so that all take part in every round',
    ],
  ])('is refused for %s', (_, change, message, hint) => {
    expect(complaint(change)).toEqual([message, hint]);
  });

  it('takes steps of local work that are one number, or change from a round on', () => {
    const steps = [
      { from: 1, steps: 64 },
      { from: 50, steps: 16 },
    ];
    expect(complaint({ local: { steps: 64 } })).toBeUndefined();
    expect(complaint({ local: { steps } })).toBeUndefined();
    expect(complaint({ local: { steps: 'many' } })).toEqual([
      '"local.steps" is "many", expected a whole number from 1 or a list of at least one of settings such as from, steps',
      undefined,
    ]);
  });

  it('has a default for every setting of a correction, which may end', () => {
    const parsed = (correction: ConfigurationInput['correction']) =>
      parseConfiguration({ ...smallest, correction }, 'test').correction;
    expect(parsed({ name: 'fed-prox' })).toEqual({ name: 'fed-prox', mu: 0.01 });
    expect(parsed({ name: 'fed-ntd', until: 0.5 })).toEqual({
      ...{ name: 'fed-ntd', beta: 1, temperature: 1, until: 0.5 },
    });
    expect(complaint({ correction: { name: 'fed-rs', until: 1.5 } })).toEqual([
      '"correction.until" is 1.5, expected a whole number from 1 or a number above 0 below 1',
      undefined,
    ]);
    expect(complaint({ correction: { name: 'fedprox' } })).toEqual([
      '"correction.name" is "fedprox", expected one of fed-prox, scaffold, fed-rs, fed-lc, fed-ntd, fed-babu',
      'did you mean "fed-prox"?',
    ]);
  });

  it('names participants in any script, in the shorter spelling of Unicode', () => {
    const participants = ['café', '서울'].map((name) => name.normalize('NFD'));
    expect(parseConfiguration({ ...smallest, participants }, 'test').participants).toEqual(['café', '서울']);
  });

  it.each(['a b', 'a/b', 'a$', '', 'ab.', 'con'])('refuses the name "%s" for a participant', (name) => {
    expect(complaint({ participants: [name, 'b'] })![0]).toContain(`"participants.0" is "${name}", expected`);
  });

  it('tells of a mistyped field rather than of the one that is missing for it', () => {
    const [message, hint] = complaint({ rounds: undefined, round: 3 })!;
    expect(message).toMatch(/^"round" is unknown, expected one of seed, /);
    expect(hint).toBe('did you mean "rounds"?');
  });

  it('takes strategies as a line or as settings, and calls them by their shortest name', () => {
    const { strategy, compare } = parseConfiguration(
      {
        ...smallest,
        strategy: { name: 'trimmed-mean', trim: 0.2 },
        compare: ['krum( f=1 )', 'absmax(on=updates)', { name: 'my-own', power: 2 }, 'midrange'],
      },
      'test',
    );
    expect(strategy).toBe('trimmed-mean(trim=0.2)');
    expect(compare).toEqual(['krum', 'absmax(on=updates)', 'my-own(power=2)', 'midrange']);
  });

  it.each([
    [
      { strategy: 'ties(densty=0.5)' },
      '"strategy" is "ties(densty=0.5)": "densty" is unknown, expected one of density, lambda, on',
      'did you mean "density"?',
    ],
    [
      { compare: ['mean', { name: 'dare', p: 1 }] },
      '"compare.1" is "dare(p=1)": "p" is 1, expected a number from 0 below 1',
      undefined,
    ],
    [{ strategy: 3 }, '"strategy" is 3, expected a text or settings such as name', undefined],
  ])('is refused for a strategy that cannot be built: %j', (change, message, hint) => {
    expect(complaint(change)).toEqual([message, hint]);
  });

  it('is refused as a whole where it is none', () => {
    expect(() => parseConfiguration('rounds', 'x.yaml')).toThrow(
      'x.yaml: the configuration is "rounds", expected settings such as seed, dataset,',
    );
  });
});
