/** Shows the data that were read (numbers, pictures or columns), and the button to start. */
import { useState } from 'preact/hooks';
import { count } from '../../../report/numbers.js';
import { PixelCanvas } from '../../common/pixels.js';
import { Scroll } from '../../common/scroll.js';
import type { DataSummary, FederationFacts, ShownPictures } from '../state/messages.js';
import { Bar } from './bar.js';
import { OwnColumns } from './own-columns.js';
import { StageHeading } from './stage-heading.js';

export interface OwnDataProps {
  readonly federation: FederationFacts;
  readonly data: DataSummary;
  readonly resumed: boolean;
  onStart(shareLabelCounts: boolean): void;
  onChooseAgain(): void;
}

export function OwnDataReady({ federation, data, resumed, onStart, onChooseAgain }: OwnDataProps) {
  const [shareLabelCounts, setShare] = useState(false);
  return (
    <section aria-labelledby="data">
      <StageHeading id="data">Your data</StageHeading>
      {resumed && <p>They have been kept on this device since an earlier visit.</p>}
      <OwnDataSummary federation={federation} data={data} />
      {federation.classNames.length > 0 && (
        <label class="tick">
          <input
            type="checkbox"
            checked={shareLabelCounts}
            onChange={({ currentTarget }) => setShare(currentTarget.checked)}
          />
          <span>
            Also tell the coordinator how many examples of each class there are. It tells about your data;
            nothing here needs it.
          </span>
        </label>
      )}
      <div class="buttons">
        <button type="button" class="main" onClick={() => onStart(shareLabelCounts)}>
          Start
        </button>
        <button type="button" onClick={onChooseAgain}>
          Choose other data
        </button>
      </div>
    </section>
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
