#!/usr/bin/env python3
"""A participant of a Commonweight federation in Python: it trains by the coordinator's plan, with ONNX Runtime.

    pip install onnxruntime numpy websockets cryptography
    COMMONWEIGHT_TOKEN=… python3 participant.py http://127.0.0.1:8470 --coordinator-key KEY \\
        --data own.npz --accept-foreign-plan

own.npz has one array for each input and target of the plan, with a row for each example: for pictures `images` (uint8,
[n, channels, height, width]) and `labels` (numbers in the order of the federation's classes). The coordinator has to
offer its plan: `commonweight serve federation.yaml --offer-plan`. docs/protocol.md says what crosses the wire.

Promises of Commonweight's own participants that this one does not keep:
- The graphs of the plan are not checked. They read your data, and could copy it into what they call weights.
- Nothing is kept on disk: work that was not announced is done again after a restart, and changed data are not noticed.
- The bytes of an update are its own: another order of examples, another seed, another version of ONNX Runtime.
- Work that is not asked for any more is finished all the same, and a loss that diverges ends the program.
- It trusts the certificates that the system trusts, and no fingerprint. It does not speak NATS.
- It knows classification in epochs, at a constant learning rate, and ends with a sentence where more is asked for.
"""
import argparse, hashlib, json, os, random, sys, time
import numpy as np
import onnxruntime
from hub import Hub, Refused

TYPES = {'tensor(uint8)': np.uint8, 'tensor(int32)': np.int32, 'tensor(float)': np.float32}


def split_header(file):
    """The JSON header of a plan or of a safetensors file, and the bytes behind it."""
    end = 8 + int.from_bytes(file[:8], 'little')
    return json.loads(file[8:end]), file[end:]


class Trainer:
    def __init__(self, description, plan, data):
        self.configuration = description['configuration']
        header, models = split_header(plan)
        self.tensors, middle = header['tensors'], header['training']
        models = models[:middle], models[middle:middle + header['evaluation']]
        tables = (json.dumps(header[name], separators=(',', ':'), ensure_ascii=False).encode()
                  for name in ('tensors', 'frozen'))
        parts = b''.join(len(part).to_bytes(8, 'little') + part for part in (*models, *tables))
        if hashlib.sha256(parts).hexdigest() != description['plan']:
            raise Refused(f'the plan is not that of the description, {description["plan"]}')
        self.training, self.evaluation = map(onnxruntime.InferenceSession, models)
        self.columns = data
        # Drawn by the federation's seed, so that the same examples are set aside after a restart.
        count = len(data[description['targets'][0]['name']])
        order = np.random.default_rng(self.configuration['seed']).permutation(count)
        aside = max(1, round(count * self.configuration['partition']['validation']))
        self.validation, self.examples = order[:aside], order[aside:]

    def read(self, file):
        """All tensors of the plan's table, in its order, as one vector."""
        entries, data = split_header(file)
        parts = (data[slice(*entries[name]['data_offsets'])] for name, _ in self.tensors)
        return np.concatenate([np.frombuffer(part, '<f4') for part in parts])

    def write(self, state):
        entries, at = {}, 0
        for name, shape in self.tensors:
            begin, at = at, at + 4 * int(np.prod(shape))
            entries[name] = {'dtype': 'F32', 'shape': shape, 'data_offsets': [begin, at]}
        header = json.dumps(entries, separators=(',', ':'), ensure_ascii=False).encode()
        header += b' ' * (-len(header) % 8)
        return len(header).to_bytes(8, 'little') + header + state.astype('<f4').tobytes()

    def run(self, session, indices, feeds):
        """A batch of the model's one size: an empty place has zeros, and the weight 0."""
        inputs = {value.name: value for value in session.get_inputs()}
        feeds = {**feeds, 'weights': np.arange(inputs['weights'].shape[0]) < len(indices)}
        for name in inputs.keys() & self.columns.keys():
            feeds[name] = np.zeros(inputs[name].shape)
            feeds[name][:len(indices)] = self.columns[name][indices]
        feeds = {name: np.asarray(feeds[name], TYPES[value.type]) for name, value in inputs.items()}
        return dict(zip([value.name for value in session.get_outputs()], session.run(None, feeds)))

    def sum(self, session, indices, name, feeds, after=lambda result: None):
        size = next(value.shape[0] for value in session.get_inputs() if value.name == 'weights')
        total = 0.0
        for at in range(0, len(indices), size):
            result = self.run(session, indices[at:at + size], feeds)
            total += float(result[name])
            after(result)
        return total

    def accuracy(self, state):
        return self.sum(self.evaluation, self.validation, 'sum.correct', {'state': state}) / len(self.validation)

    def train(self, state):
        began, epochs = time.monotonic(), self.configuration['local'].get('epochs', 1)
        carried = [value.name for value in self.training.get_outputs() if value.name.startswith('next')]
        feeds = {f'{name[4].lower()}{name[5:]}': np.zeros_like(state) for name in carried}
        feeds.update(state=state, step=1, seed=random.randrange(2**31))
        feeds['learningRate'] = self.configuration['optimizer']['learningRate']

        def carry(result):
            feeds.update({f'{name[4].lower()}{name[5:]}': result[name] for name in carried}, step=feeds['step'] + 1)

        for _ in range(epochs):
            loss = self.sum(self.training, np.random.permutation(self.examples), 'lossSum', feeds, carry)
        if not np.isfinite(feeds['state']).all():
            raise Refused('training diverges: a weight is not finite')
        report = {'examples': len(self.examples), 'examplesSeen': epochs * len(self.examples), 'epochs': epochs}
        report.update(loss=loss / len(self.examples), validation={'accuracy': self.accuracy(feeds['state'])})
        return feeds['state'], {**report, 'seconds': round(time.monotonic() - began, 3)}


def check(description):
    """Ends where more is asked for than this program can do."""
    configuration = description['configuration']
    refused = ('correction', 'augmentation', 'train', 'freeze', 'lora', 'share', 'refit', 'clipUpdate')
    asked = [name for name in refused if name in configuration]
    asked += [f'codec.{way} {name}' for way, name in configuration['codec'].items() if name != 'plain']
    asked += [f'local.{name}' for name in configuration['local'] if name != 'epochs']
    asked += ['task'] if configuration['task']['name'] != 'classification' else []
    asked += ['schedule'] if configuration['schedule']['name'] != 'constant' else []
    asked += [f'the attachment {name}' for name in description.get('attachments', [])]
    if asked:
        raise Refused(f'the federation sets {", ".join(asked)}, which this participant cannot do')
    if 'foreignPlan' not in description:
        raise Refused('the coordinator offers no plan: it has to be started with --offer-plan')


def take_part(options):
    hub = Hub(options.hub, os.environ.get('COMMONWEIGHT_TOKEN', ''), options.coordinator_key)
    hub.wait(lambda: hub.description is not None)
    print(f'the description of the federation has the SHA-256 {hub.agreed}')
    check(hub.description)
    trainer = Trainer(hub.description, hub.fetch(hub.description['foreignPlan']), dict(np.load(options.data)))
    counts = {'examples': len(trainer.examples), 'validationExamples': len(trainer.validation)}
    receipt = hub.announce('joined', **counts, runtime=f'onnxruntime {onnxruntime.__version__}, Python')
    if not receipt['accepted']:
        raise Refused(receipt['message'])
    done = None
    while True:
        hub.wait(lambda: hub.assignment is not None and hub.assignment is not done)
        asked = done = hub.assignment
        if asked['type'] == 'finished':
            hub.announce('left', reason='the run is over')
            return print(f'the run is over: {asked["reason"]}')
        if hub.name not in asked.get('waitingFor', []):
            continue
        if asked['type'] == 'train':
            state, report = trainer.train(trainer.read(hub.fetch(asked['base'])))
            again = {'attempt': asked['attempt']} if 'attempt' in asked else {}
            update = {'state': hub.upload(trainer.write(state)), **report}
            hub.announce('update', round=asked['round'], base=asked['base']['sha256'], **again, update=update)
        if asked['type'] == 'evaluate':
            accuracy = trainer.accuracy(trainer.read(hub.fetch(asked['model'])))
            print(f'round {asked["round"]}: {accuracy:.1%} of the own validation examples')
            validation = {'accuracy': accuracy}
            answer = {'round': asked['round'], 'model': asked['model']['sha256'], 'validation': validation}
            hub.announce('evaluated', **answer, examples=len(trainer.validation))


def main():
    parser = argparse.ArgumentParser(description='Takes part in a federation; the token is in COMMONWEIGHT_TOKEN.')
    parser.add_argument('hub', help='the address of the hub: https://host:8470')
    parser.add_argument('--coordinator-key', required=True, help='the public key that the coordinator prints')
    parser.add_argument('--data', required=True, help='an .npz file with an array for each input and target')
    parser.add_argument('--accept-foreign-plan', action='store_true', required=True,
                        help='run the graphs of the coordinator, which could copy your data into what they call weights')
    try:
        take_part(parser.parse_args())
    except Refused as refusal:
        sys.exit(f'participant: {refusal}')


if __name__ == '__main__':
    main()
