/** Shown when the run is over: its result, and the merged model to download and try. */
import { count } from '../../../report/numbers.js';
import type { JoinState } from '../state/join-state.js';
import type { ModelFormat, TriedExample } from '../state/messages.js';
import { finishText } from '../state/words.js';
import { AboutFederationAgain } from './about-federation.js';
import { Forget } from './gone.js';
import { Rounds } from './rounds.js';
import { StageHeading } from './stage-heading.js';
import { TryPicture } from './try-picture.js';
import { TryRow } from './try-row.js';

export interface FinishedProps {
  readonly state: JoinState;
  onExport(format: ModelFormat): void;
  onPredict(example: TriedExample): void;
  onForget(): void;
}

export function Finished({ state, onExport, onPredict, onForget }: FinishedProps) {
  const { federation, finish, rounds, data, trial } = state;
  if (finish === undefined) return null;
  const { model, isPersonal } = finish;
  return (
    <section aria-labelledby="over">
      <StageHeading id="over">The run is over</StageHeading>
      <p class="now">{capital(finishText(finish))}</p>
      <Rounds rounds={rounds} metric={federation?.metric} />
      {model === undefined ? (
        <p>There is no merged model.</p>
      ) : (
        <>
          <h2>{isPersonal ? 'Your own model' : 'The merged model'}</h2>
          <p>
            It has {count(model.parameters)} parameters, and lies on this device. As ONNX any program can run
            it; as safetensors it loads into PyTorch.
          </p>
          <div class="buttons">
            <button type="button" onClick={() => onExport('onnx')}>
              Download as ONNX
            </button>
            <button type="button" onClick={() => onExport('safetensors')}>
              Download as safetensors
            </button>
          </div>
          {model.trial?.kind === 'picture' && (
            <TryPicture
              model={model.trial}
              samples={data?.shown.kind === 'pictures' ? data.shown.samples : []}
              trial={trial}
              onPredict={onPredict}
            />
          )}
          {model.trial?.kind === 'row' && <TryRow model={model.trial} trial={trial} onPredict={onPredict} />}
        </>
      )}
      {federation !== undefined && <AboutFederationAgain federation={federation} />}
      <Forget onForget={onForget} />
    </section>
  );
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
