"""A participant's end of a hub: signed messages over a WebSocket, blobs over HTTP. docs/protocol.md has both, byte by byte."""
import hashlib, itertools, json, random, sys, threading, time
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

PROTOCOL = 4
PURPOSE = 'commonweight: a statement of the coordinator\n'


class Refused(Exception):
    """Another try would not help; the message says why."""


class Written(str):
    """A number as the coordinator wrote it."""


def canonical(value):
    """JSON as RFC 8785 has it, if its numbers are `Written`."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode('utf-16-be'))
        return '{' + ','.join(f'{canonical(name)}:{canonical(value[name])}' for name in names) + '}'
    if isinstance(value, list):
        return '[' + ','.join(map(canonical, value)) + ']'
    return value if isinstance(value, Written) else json.dumps(value, ensure_ascii=False)


def description_hash(statement):
    """What an owner agrees to: the description without the name of the run, the offered file and the version."""
    description = json.loads(statement, parse_int=Written, parse_float=Written)['value']['description']
    agreed = {name: field for name, field in description.items() if name not in ('job', 'foreignPlan', 'commonweight')}
    return hashlib.sha256(canonical(agreed).encode()).hexdigest()


class Hub:
    """Listens on a thread of its own, which answers pings while the model is trained."""

    def __init__(self, url, token, key):
        self.url, self.token = url.rstrip('/'), token
        self.key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        self.job = self.agreed = self.description = self.assignment = self.failure = self.socket = self.pending = None
        self.receipts, self.ids, self.changed = {}, itertools.count(), threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        address = 'ws' + self.url.removeprefix('http') + '/messages'
        while self.failure is None:
            try:
                offered = [f'commonweight.{PROTOCOL}', f'token.{self.token}']
                with connect(address, subprotocols=offered, max_size=2**26) as self.socket:
                    for text in self.socket:
                        with self.changed:
                            self.hear(json.loads(text))
                            self.changed.notify_all()
            except (OSError, WebSocketException) as trouble:
                print(f'trying again: {trouble}', file=sys.stderr)
                time.sleep(random.uniform(0.5, 1))
            except Exception as failure:
                with self.changed:
                    self.failure = failure
                    self.changed.notify_all()

    def hear(self, frame):
        if frame['type'] == 'ping':
            self.send({'type': 'pong'})
        elif frame['type'] == 'welcome':
            self.name = frame['participant']
            described = self.verified(frame['description'], 'description')
            self.description, self.agreed = described['description'], described.get('sha256')
            if self.description['protocol'] != PROTOCOL:
                raise Refused(f'the hub speaks protocol {self.description["protocol"]}, expected {PROTOCOL}')
            if self.agreed != (computed := description_hash(frame['description']['statement'])):
                raise Refused(f'the description has the SHA-256 {computed}, the coordinator signed {self.agreed}')
            if self.pending is not None:
                self.send(self.pending)
        elif frame['type'] == 'assignment':
            try:
                value = self.verified(frame['assignment'], 'assignment')
            except Refused:
                return  # What somebody else says is left out, and the next one waited for.
            before = self.assignment or {'epoch': 0, 'sequence': 0}
            if (value['epoch'], value['sequence']) >= (before['epoch'], before['sequence']):
                self.assignment = value
        elif frame['type'] == 'receipt':
            self.receipts[frame['id']] = frame['receipt']
        elif frame['type'] == 'refused' and frame['reason'] != 'too-fast':
            raise Refused(f'{frame["message"]}: {frame.get("hint", frame["reason"])}')

    def verified(self, signed, kind):
        try:
            self.key.verify(bytes.fromhex(signed['signature']), (PURPOSE + signed['statement']).encode())
        except InvalidSignature:
            raise Refused(f'the {kind} is not signed by the key that was given') from None
        statement = json.loads(signed['statement'])
        self.job = self.job or statement['job']
        if (statement['kind'], statement['job']) != (kind, self.job):
            raise Refused(f'{statement["kind"]} of {statement["job"]}, expected {kind} of {self.job}')
        return statement['value']

    def send(self, frame):
        try:
            self.socket.send(json.dumps(frame))
        except WebSocketException:
            pass  # The listener connects again, and then repeats what has no receipt.

    def wait(self, until):
        with self.changed:
            self.changed.wait_for(lambda: self.failure is not None or until())
            if self.failure is not None:
                raise self.failure

    def announce(self, kind, **fields):
        frame = {'type': 'announcement', 'id': next(self.ids), 'announcement': {'type': kind, **fields}}
        with self.changed:
            self.pending = frame
            self.send(frame)
        self.wait(lambda: frame['id'] in self.receipts)
        self.pending, receipt = None, self.receipts.pop(frame['id'])
        if not receipt['accepted']:
            print(f'{kind} does not count: {receipt["message"]}', file=sys.stderr)
        return receipt

    def request(self, method, sha256, body=None, headers=()):
        headers = {'Authorization': f'Bearer {self.token}', 'Content-Type': 'application/octet-stream', **dict(headers)}
        return urlopen(Request(f'{self.url}/blobs/{sha256}', body, headers, method=method), timeout=60)

    def again(self, work):
        """Until it is done: lost connections, full disks and too many requests pass by themselves."""
        for attempt in itertools.count():
            try:
                return work()
            except OSError as error:
                if isinstance(error, HTTPError) and error.code < 500 and error.code not in (408, 409, 422, 429):
                    raise Refused(json.load(error)['error']) from error
            time.sleep(min(5, 0.1 * 2**attempt) * random.uniform(0.5, 1))

    def fetch(self, blob):
        data = self.again(lambda: self.request('GET', blob['sha256']).read())
        if hashlib.sha256(data).hexdigest() != blob['sha256']:
            raise Refused(f'the blob {blob["sha256"]} has other bytes than its name says')
        return data

    def upload(self, data):
        sha256 = hashlib.sha256(data).hexdigest()

        def rest():
            there = self.request('HEAD', sha256).headers
            if there['Upload-Complete'] != '?1':
                at = there['Upload-Offset']
                self.request('PUT', sha256, data[int(at):], {'Upload-Offset': at}).close()

        self.again(rest)
        return {'sha256': sha256, 'bytes': len(data)}
