/**
 * Shows the coordinator's test images for which the merge decided. No participant's data is among
 * them.
 */
import type { Overview, RoundView, TestPicture } from '../../protocol/view.js';

export interface PicturesProps {
  readonly overview: Overview;
  readonly rounds: readonly RoundView[];
}

/** If there are more own models than these, only their number is shown. */
const MOST_NAMES = 4;

export function Pictures({ overview, rounds }: PicturesProps) {
  const round = rounds.findLast(({ pictures }) => pictures !== undefined);
  const pictures = round?.pictures ?? [];
  const participants = round?.details?.participants ?? [];
  return (
    <section aria-labelledby="pictures">
      <h2 id="pictures">Wrong before the merge, right after it</h2>
      {pictures.length === 0 ? (
        <p class="quiet">{whyNone(overview, rounds)}</p>
      ) : (
        <>
          <p class="quiet">Round {round?.result.round}, from the coordinator’s own test images.</p>
          <ul class="pictures">
            {pictures.map((picture) => (
              <li key={picture.index}>
                <PictureView overview={overview} participants={participants} picture={picture} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function whyNone({ testExamples }: Overview, rounds: readonly RoundView[]): string {
  if (!testExamples) {
    return 'The coordinator holds no test data, and those of the participants are never shown.';
  }
  if (rounds.every(({ result }) => result.copied.length === 0)) return 'Nothing is merged yet.';
  return rounds.every(({ pictures }) => pictures === undefined)
    ? 'There are no test images to show.'
    : 'In the newest round the merge corrected no mistake that most own models make.';
}

interface PictureProps {
  readonly overview: Overview;
  readonly participants: readonly string[];
  readonly picture: TestPicture;
}

function PictureView({ overview: { categories: classNames = [] }, participants, picture }: PictureProps) {
  const { index, label, own, merged, png } = picture;
  const nameOf = (one: number) => classNames[one] ?? String(one);
  const right = own.filter((one) => one === label).length;
  return (
    <>
      <img
        class="pixels"
        src={`data:image/png;base64,${png}`}
        alt={`${nameOf(label)}, number ${index} of the test set`}
      />
      <strong>{nameOf(label)}</strong>
      {own.length <= MOST_NAMES ? (
        own.map((one, model) => (
          <div key={participants[model] ?? model}>
            {participants[model]}: <Verdict is={nameOf(one)} right={one === label} />
          </div>
        ))
      ) : (
        <div>
          {right} of {own.length} own models right
        </div>
      )}
      <div>
        merged: <Verdict is={nameOf(merged)} right={merged === label} />
      </div>
    </>
  );
}

const Verdict = ({ is, right }: { readonly is: string; readonly right: boolean }) => (
  <span class={right ? 'right' : 'wrong'}>
    {right ? '✓' : '✗'} {is}
  </span>
);
