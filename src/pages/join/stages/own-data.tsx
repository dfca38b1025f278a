/** Shows the data that were read (numbers, pictures or columns), and the button to start. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { SMALLEST_COUNT } from '../../../data/survey/own-answer.js';
import { count } from '../../../report/numbers.js';
import { PixelCanvas } from '../../common/pixels.js';
import { Scroll } from '../../common/scroll.js';
import type { DataSummary, FederationFacts, Sharing, ShownPictures } from '../state/messages.js';
import { Bar } from './bar.js';
import { OwnColumns } from './own-columns.js';
import { StageHeading } from './stage-heading.js';

export interface OwnDataProps {
  readonly federation: FederationFacts;
  readonly data: DataSummary;
  readonly resumed: boolean;
  onStart(sharing: Sharing): void;
  onChooseAgain(): void;
}

export function OwnDataReady({ federation, data, resumed, onStart, onChooseAgain }: OwnDataProps) {
  const [shareLabelCounts, setShareLabelCounts] = useState(false);
  const [shareSums, setShareSums] = useState(false);
  return (
    <section aria-labelledby="data">
      <StageHeading id="data">Your data</StageHeading>
      {resumed && <p>They have been kept on this device since an earlier visit.</p>}
      <OwnDataSummary federation={federation} data={data} />
      {federation.classNames.length > 0 && (
        <Tick checked={shareLabelCounts} onChange={setShareLabelCounts}>
          Also tell the coordinator exactly how many examples of each class there are. It tells about your
          data;{' '}
          {federation.countsClasses
            ? 'nothing here needs it, beside the sums of the survey that are sent before round 1.'
            : 'nothing here needs it.'}
        </Tick>
      )}
      {data.validation > 0 && (
        <Tick checked={shareSums} onChange={setShareSums}>
          Also share the sums that your figures are computed from, such as how many validation examples are
          predicted rightly, so that figures of all participants together can be shown.{' '}
          {federation.decides &&
            'The coordinator chooses from them when the second class is predicted; without them, your examples have no part in that. '}
          Counts below {SMALLEST_COUNT} are hidden. They still tell about your data.
        </Tick>
      )}
      <div class="buttons">
        <button type="button" class="main" onClick={() => onStart({ shareLabelCounts, shareSums })}>
          Start
        </button>
        <button type="button" onClick={onChooseAgain}>
          Choose other data
        </button>
      </div>
    </section>
  );
}

interface TickProps {
  readonly checked: boolean;
  readonly children: ComponentChildren;
  onChange(checked: boolean): void;
}

/** A permission that the owner may give. */
function Tick({ checked, children, onChange }: TickProps) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={checked}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
      <span>{children}</span>
    </label>
  );
}

export function OwnDataSummary({ federation, data }: Pick<OwnDataProps, 'federation' | 'data'>) {
  const { training, validation, shown, notices } = data;
  return (
    <>
      {notices.map((notice) => (
        <p class="note" key={notice}>
          {notice}
        </p>
      ))}
      <dl class="figures">
        <div>
          <dt>For training</dt>
          <dd>{count(training)}</dd>
        </div>
        <div>
          <dt>For validation</dt>
          <dd>{count(validation)}</dd>
        </div>
      </dl>
      {shown.kind === 'pictures' ? (
        <OwnPictures federation={federation} shown={shown} />
      ) : (
        <OwnColumns columns={shown.columns} />
      )}
    </>
  );
}

function OwnPictures({
  federation: { wanted },
  shown: { names, unit, counts, samples },
}: {
  readonly federation: FederationFacts;
  readonly shown: ShownPictures;
}) {
  if (wanted.kind !== 'pictures') return null;
  const { imageShape } = wanted;
  const [, height, width] = imageShape;
  const most = Math.max(1, ...counts);
  const caption = unit === 'pixels' ? 'Pixels of each class' : 'Examples of each class';
  return (
    <>
      <ul class="samples" aria-label="Some of them, as the network sees them">
        {samples.map(({ caption, pixels, mask }) => (
          <li key={caption}>
            <PixelCanvas
              pixels={pixels}
              shape={imageShape}
              label={mask === undefined ? `an example of the class ${caption}` : caption}
            />
            {mask && (
              <PixelCanvas pixels={mask} shape={[1, height, width]} label={`the mask of ${caption}`} />
            )}
            <span>{caption}</span>
          </li>
        ))}
      </ul>
      {unit === 'pixels' && (
        <p class="quiet">
          Below each is its mask: “{names[0]}” is black, “{names.at(-1)}” is white.
        </p>
      )}
      <Scroll label={caption}>
        <table class="bars">
          <caption>{caption}</caption>
          <thead class="unseen">
            <tr>
              <th scope="col">class</th>
              <th scope="col">{unit}</th>
            </tr>
          </thead>
          <tbody>
            {names.map((name, label) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <Bar part={(counts[label] ?? 0) / most}>{count(counts[label] ?? 0)}</Bar>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}
