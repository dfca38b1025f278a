/**
 * Tries the merged model on a picture, a drawing, or an example of the participant's own. Nothing
 * is sent.
 */
import { percent } from '../../../report/numbers.js';
import { PixelCanvas } from '../../common/pixels.js';
import type { Trial } from '../state/join-state.js';
import type { PictureTrial, SamplePicture, TriedPicture } from '../state/messages.js';
import { DrawingPad } from './drawing.js';
import { namesOfLabels, Probabilities } from './probabilities.js';

export interface TryPictureProps {
  readonly model: PictureTrial;
  readonly samples: readonly SamplePicture[];
  readonly trial: Trial | undefined;
  onPredict(picture: TriedPicture): void;
}

export function TryPicture({ model, samples, trial, onPredict }: TryPictureProps) {
  return (
    <>
      <h2>Try it</h2>
      <p>This happens on this device; nothing is sent.</p>
      <div class="try">
        <div>
          <h3>Draw something</h3>
          <DrawingPad
            shape={model.imageShape}
            onDrawn={(file) => onPredict({ file: new File([file], 'your drawing') })}
          />
        </div>
        <div class="answer">
          <h3>The model’s answer</h3>
          <Answer model={model} trial={trial} />
        </div>
        <div>
          <h3>Or take a picture</h3>
          <label class="button">
            Choose a picture
            <input
              type="file"
              class="unseen"
              accept="image/png,image/jpeg,image/webp,image/gif,image/avif,image/bmp"
              onChange={({ currentTarget }) => {
                const file = currentTarget.files?.[0];
                if (file !== undefined) onPredict({ file });
                currentTarget.value = '';
              }}
            />
          </label>
          {samples.length > 0 && (
            <>
              <h3>Or one of your own</h3>
              <ul class="samples">
                {samples.map(({ caption, pixels }, sample) => (
                  <li key={caption}>
                    <button type="button" onClick={() => onPredict({ sample })}>
                      <PixelCanvas
                        pixels={pixels}
                        shape={model.imageShape}
                        label={model.answer === 'mask' ? 'Try it on' : 'Try it on a picture of the class'}
                      />
                      {caption}
                    </button>
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      </div>
    </>
  );
}

function Answer({ model, trial }: Pick<TryPictureProps, 'model' | 'trial'>) {
  const { answer, names, imageShape } = model;
  const [, height, width] = imageShape;
  const prediction = trial?.type === 'answered' ? trial.prediction : undefined;
  const { values = [], pixels, mask, predicted } = prediction ?? {};
  return (
    <>
      <div class="seen">
        {pixels && <PixelCanvas pixels={pixels} shape={imageShape} label="what the network was shown" />}
        {mask && <PixelCanvas pixels={mask} shape={[1, height, width]} label="the predicted mask" />}
        <p aria-live="polite">
          {trial === undefined && 'No picture was tried yet.'}
          {trial?.type === 'asked' && 'It is looking …'}
          {trial?.type === 'failed' && <span class="wrong">{trial.message}</span>}
          {prediction && <Said model={model} values={values} predicted={predicted ?? -1} />}
        </p>
      </div>
      {prediction && (
        <Probabilities of={PARTS[answer]} names={names} probabilities={values} best={predicted} />
      )}
    </>
  );
}

const PARTS = { classes: 'class', labels: 'label', mask: 'class of pixels' } as const;

function Said({
  model: { answer, names },
  values,
  predicted,
}: Pick<TryPictureProps, 'model'> & { readonly values: readonly number[]; readonly predicted: number }) {
  switch (answer) {
    case 'classes':
      return (
        <>
          <strong>{names[predicted]}</strong>, {percent(values[predicted] ?? 0)}
        </>
      );
    case 'labels':
      return <strong>{namesOfLabels(names, values)}</strong>;
    case 'mask':
      return <>Below: the part of the pixels that each class has.</>;
  }
}
