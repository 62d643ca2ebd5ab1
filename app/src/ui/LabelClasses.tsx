/** @file The classes of a folder that is labelled: chosen to be drawn, added, renamed and coloured. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { classColour } from '../../../src/imaging/palette.ts';
import { changeClass, chooseClass } from '../actions/label.ts';
import { toggleClass } from '../actions/look.ts';
import { currentMask } from '../actions/masks.ts';
import { isEmpty } from '../masks/tiled-mask.ts';
import { hiddenClasses, labels, room, selected } from '../store.ts';
import { Icon } from './icons.tsx';
import { Dot } from './Queue.tsx';

/** The class whose name and colour are being changed. */
const changing = signal<number | undefined>(undefined);

export function LabelClasses() {
  const { classes } = room.value!;
  return (
    <section class="classes">
      <h2>Classes</h2>
      {classes.length === 0 && <p class="note">What is to be found in these images? Name the first class.</p>}
      <ul>
        {classes.map((name, classIndex) => (
          <ClassRow key={name} name={name} classIndex={classIndex} />
        ))}
      </ul>
      <AddClass isFirst={classes.length === 0} />
    </section>
  );
}

function ClassRow({ name, classIndex }: { readonly name: string; readonly classIndex: number }) {
  const mask = currentMask(classIndex);
  const has = mask !== undefined && !isEmpty(mask);
  const isCurrent = selected.value?.classIndex === classIndex;
  const isHidden = hiddenClasses.value.has(classIndex);
  const isChanging = changing.value === classIndex;
  return (
    <>
      <li class={`${isCurrent ? 'is-current' : ''} ${has ? '' : 'is-absent'}`}>
        <button
          type="button"
          class="choose"
          aria-current={isCurrent ? 'true' : undefined}
          onClick={() => void chooseClass(classIndex)}
        >
          <Dot classIndex={classIndex} />
          <span class="name" title={name}>
            {name}
          </span>
          <span class="state">{has ? 'drawn' : classIndex < 9 ? <kbd>{classIndex + 1}</kbd> : ''}</span>
        </button>
        <button
          type="button"
          class="eye"
          aria-label={`Name and colour of ${name}`}
          aria-expanded={isChanging}
          onClick={() => {
            changing.value = isChanging ? undefined : classIndex;
          }}
        >
          <Icon name="pencil" />
        </button>
        <button
          type="button"
          class="eye"
          aria-pressed={!isHidden}
          aria-label={`Show ${name}`}
          onClick={() => toggleClass(classIndex)}
        >
          <Icon name={isHidden ? 'hidden' : 'shown'} />
        </button>
      </li>
      {isChanging && <ChangeClass name={name} classIndex={classIndex} />}
    </>
  );
}

/** In the order of the palette: its hues, then the same lighter and darker. */
const HUES = ['orange', 'sky blue', 'wine red', 'pink', 'vermilion', 'blue', 'yellow', 'green'];
const SHADES = ['', 'light ', 'dark '];

function ChangeClass({ name, classIndex }: { readonly name: string; readonly classIndex: number }) {
  const [text, setText] = useState(name);
  const colour = labels.value!.colours[classIndex];
  return (
    <li class="change">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === name) changing.value = undefined;
          else
            void changeClass({ classIndex, name: text }).then((isDone) => {
              if (isDone) changing.value = undefined;
            });
        }}
      >
        <label>
          <span class="unseen">Name</span>
          <input
            type="text"
            value={text}
            maxLength={100}
            onInput={({ currentTarget: { value } }) => setText(value)}
          />
        </label>
        <button type="submit">Rename</button>
      </form>
      <fieldset class="colours">
        <legend class="unseen">Colour of {name}</legend>
        {SHADES.flatMap((shade, row) =>
          HUES.map((hue, column) => {
            const number = row * HUES.length + column;
            return (
              <button
                key={number}
                type="button"
                aria-label={`${shade}${hue}`}
                aria-pressed={colour === number}
                style={{ background: `rgb(${classColour(number).join(' ')})` }}
                onClick={() => void changeClass({ classIndex, colour: number })}
              />
            );
          }),
        )}
      </fieldset>
    </li>
  );
}

function AddClass({ isFirst }: { readonly isFirst: boolean }) {
  const [text, setText] = useState('');
  return (
    <form
      class="add"
      onSubmit={(event) => {
        event.preventDefault();
        // From here on keys are for drawing, also while the server answers.
        const focused = document.activeElement as HTMLElement | null;
        focused?.blur();
        void changeClass({ add: text }).then((isDone) => {
          if (isDone) setText('');
          else focused?.focus();
        });
      }}
    >
      <label>
        <span class="unseen">New class</span>
        <input
          type="text"
          value={text}
          maxLength={100}
          placeholder={isFirst ? 'such as radius' : 'New class'}
          onInput={({ currentTarget: { value } }) => setText(value)}
        />
      </label>
      <button type="submit" disabled={text.trim() === ''}>
        Add
      </button>
    </form>
  );
}
