/** Says what this federation trains and what leaves the device, before any data are read. */
import { labelOf } from '../../../metrics/metric.js';
import { count } from '../../../report/numbers.js';
import type { FederationFacts } from '../state/messages.js';
import { imageText, othersText } from '../state/words.js';

export function AboutFederation({ federation }: { readonly federation: FederationFacts }) {
  return (
    <section aria-labelledby="about">
      <h2 id="about">What is trained here</h2>
      <Purpose federation={federation} />
      <Settings federation={federation} />
      <h2>What leaves this device, and what does not</h2>
      <Travels federation={federation} />
    </section>
  );
}

/** The same text, folded, once the user has seen it. */
export function AboutFederationAgain({ federation }: { readonly federation: FederationFacts }) {
  return (
    <details>
      <summary>What is trained here, and what leaves this device</summary>
      <Purpose federation={federation} />
      <Settings federation={federation} />
      <Travels federation={federation} />
    </details>
  );
}

function Purpose({ federation }: { readonly federation: FederationFacts }) {
  const { participant, purpose, rounds, isPersonal } = federation;
  return (
    <p>
      You take part as <strong>{participant}</strong>, with {othersText(federation)}. All train the same
      network to {purpose}, each with data of its own. After each round the coordinator merges what the
      networks have learned and gives it back; there are at most {count(rounds)} rounds.{' '}
      {isPersonal
        ? 'A part of the network stays with each: in the end you have a model of your own.'
        : 'In the end everybody has the merged model.'}
    </p>
  );
}

const CALLED = { table: 'Columns', arrays: 'Arrays', text: 'Texts' } as const;

function Settings({ federation }: { readonly federation: FederationFacts }) {
  const { classNames, wanted, network, training, merging } = federation;
  return (
    <dl class="settings">
      {classNames.length > 0 && (
        <>
          <dt>Classes</dt>
          <dd>{classNames.join(', ')}</dd>
        </>
      )}
      {wanted.kind === 'pictures' ? (
        <>
          <dt>Pictures</dt>
          <dd>{imageText(wanted.imageShape)}</dd>
        </>
      ) : (
        <>
          <dt>{CALLED[wanted.kind]}</dt>
          <dd>
            {wanted.inputs.map(({ name }) => name).join(', ')}, and what is learned:{' '}
            {wanted.targets.map(({ name }) => name).join(', ')}
          </dd>
        </>
      )}
      <dt>Network</dt>
      <dd>{network}</dd>
      <dt>Training</dt>
      <dd>{training}</dd>
      <dt>Rounds</dt>
      <dd>{merging}</dd>
    </dl>
  );
}

function Travels({
  federation: { besides, metric, wanted, classNames },
}: {
  readonly federation: FederationFacts;
}) {
  return (
    <>
      <div class="travels">
        <div>
          <h3>Goes to the coordinator</h3>
          <ul>
            <li>the weights of the network, after each round of training</li>
            {besides.map((each) => (
              <li key={each}>{each}</li>
            ))}
            <li>
              how many examples there are for training and for validation, how many were seen, and how long it
              took
            </li>
            <li>
              the loss and the {labelOf(metric)} of the models, on your training and your validation data
            </li>
            <li>whether your data are those of the last time, where you took part before</li>
            <li>while it trains: how far it is, and how fast</li>
            <li>what computes it, and an error in words if the work fails</li>
            {classNames.length > 0 && (
              <li>exactly how many examples of each class there are, only if you tick that below</li>
            )}
          </ul>
        </div>
        <div>
          <h3>Never leaves this device</h3>
          <ul>
            <li>your data</li>
            {classNames.length > 0 && <li>which example is of which class</li>}
            <li>the names of your files and folders</li>
            <li>what you {wanted.kind === 'pictures' ? 'draw' : 'enter'} or try the merged model on</li>
          </ul>
        </div>
      </div>
      <p class="quiet">
        Weights can tell something about the data that they were trained on; the fewer examples, the more. The
        network is put together on this device from its settings: no program of the coordinator’s works on
        your data but this page.
      </p>
    </>
  );
}
