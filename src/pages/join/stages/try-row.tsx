/**
 * A form for one row of a table, such as a patient, or for a text, which the merged model
 * predicts. Nothing is sent.
 */
import { useState } from 'preact/hooks';
import { percent } from '../../../report/numbers.js';
import type { Trial } from '../state/join-state.js';
import type { RowField, RowTrial, TriedRow } from '../state/messages.js';
import { dayText, shortNumber } from '../state/words.js';
import { namesOfLabels, Probabilities } from './probabilities.js';

export interface TryRowProps {
  readonly model: RowTrial;
  readonly trial: Trial | undefined;
  onPredict(row: TriedRow): void;
}

const MS_OF_DAY = 86_400_000;

export function TryRow({ model, trial, onPredict }: TryRowProps) {
  const { fields } = model;
  const [notes, setNotes] = useState<readonly string[]>([]);
  const predict = (event: SubmitEvent) => {
    event.preventDefault();
    const { elements } = event.currentTarget as HTMLFormElement;
    const cells = fields.map((field, at) =>
      cellOf(field, elements.namedItem(`field-${at}`) as HTMLInputElement),
    );
    setNotes(cells.flatMap(({ note }) => note ?? []));
    onPredict({
      cells: Object.fromEntries(cells.map(({ value }, at) => [(fields[at] as RowField).name, value])),
    });
  };
  return (
    <>
      <h2>Try it</h2>
      <p>
        {fields[0]?.kind === 'text'
          ? 'Enter a text.'
          : 'Enter one row, such as a patient. What is left blank is missing, which the model knows how to take.'}{' '}
        This happens on this device; nothing is sent.
      </p>
      <div class="try">
        <form class="row" noValidate onSubmit={predict}>
          {fields.map((field, at) => (
            <Field key={field.name} field={field} id={`field-${at}`} />
          ))}
          <div class="buttons">
            <button type="submit" class="main">
              Predict
            </button>
            <button type="reset">Clear</button>
          </div>
        </form>
        <div class="answer">
          <h3>The model’s answer</h3>
          {notes.map((note) => (
            <p class="note" key={note}>
              {note}
            </p>
          ))}
          <Answer model={model} trial={trial} />
        </div>
      </div>
    </>
  );
}

function Field({ field, id }: { readonly field: RowField; readonly id: string }) {
  const { name, kind, unit, range, names } = field;
  const hint = rangeText(field);
  return (
    <div class="field">
      <label for={id}>
        {name}
        {unit !== undefined && kind === 'number' && <span class="quiet"> in {unit}</span>}
      </label>
      {kind === 'text' && <textarea id={id} name={id} rows={5} />}
      {kind === 'category' && (
        <select id={id} name={id}>
          <option value="">not known</option>
          {names.map((one, at) => (
            <option key={one} value={at}>
              {one}
            </option>
          ))}
        </select>
      )}
      {(kind === 'number' || kind === 'day') && (
        <input
          id={id}
          name={id}
          type={kind === 'day' ? 'date' : 'number'}
          step="any"
          min={kind === 'number' ? range?.[0] : undefined}
          max={kind === 'number' ? range?.[1] : undefined}
          placeholder={kind === 'number' ? 'not known' : undefined}
          aria-describedby={hint === undefined ? undefined : `${id}-range`}
        />
      )}
      {hint !== undefined && (
        <span id={`${id}-range`} class="quiet">
          {hint}
        </span>
      )}
    </div>
  );
}

function rangeText({ kind, range }: RowField): string | undefined {
  if (range === undefined) return undefined;
  const written = kind === 'day' ? dayText : shortNumber;
  return `${written(range[0])} to ${written(range[1])}`;
}

/** What was entered, and what is to be said about it. */
function cellOf(
  field: RowField,
  input: HTMLInputElement,
): { readonly value: number | string; readonly note?: string } {
  const { name, kind, range, names, unit } = field;
  if (kind === 'text') return { value: input.value };
  if (kind === 'category') return { value: input.value === '' ? '' : (names[Number(input.value)] ?? '') };
  if (input.validity.badInput) {
    return { value: Number.NaN, note: `${name} is not a ${kind}, so it counts as missing.` };
  }
  const value = kind === 'day' ? input.valueAsNumber / MS_OF_DAY : input.valueAsNumber;
  if (range === undefined || Number.isNaN(value) || (value >= range[0] && value <= range[1]))
    return { value };
  const expected = `${rangeText(field)}${unit === undefined ? '' : ` ${unit}`}`;
  return { value, note: `${name} is beyond ${expected}: the model has hardly seen such a value.` };
}

function Answer({ model, trial }: Pick<TryRowProps, 'model' | 'trial'>) {
  const { answer, names, unit } = model;
  const { values, predicted = -1, cutOff } = trial?.type === 'answered' ? trial.prediction : {};
  return (
    <>
      <p aria-live="polite">
        {trial === undefined && 'Nothing was tried yet.'}
        {trial?.type === 'asked' && 'It is looking …'}
        {trial?.type === 'failed' && <span class="wrong">{trial.message}</span>}
        {values !== undefined && answer === 'classes' && (
          <>
            <strong>{names[predicted]}</strong>, {percent(values[predicted] ?? 0)}
          </>
        )}
        {values !== undefined && answer === 'labels' && <strong>{namesOfLabels(names, values)}</strong>}
        {values !== undefined && answer === 'numbers' && (
          <strong>
            {names.map((name, at) => `${name}: ${shortNumber(values[at] ?? Number.NaN)}`).join(', ')}
            {unit === undefined ? '' : ` ${unit}`}
          </strong>
        )}
      </p>
      {values !== undefined && answer === 'classes' && (
        <Probabilities of="class" names={names} probabilities={values} best={predicted} />
      )}
      {cutOff !== undefined && (
        <p class="quiet">
          “{names[1]}” is predicted from a probability of {percent(cutOff)} on: the federation has chosen so.
        </p>
      )}
      {values !== undefined && answer === 'labels' && (
        <Probabilities of="label" names={names} probabilities={values} />
      )}
    </>
  );
}
