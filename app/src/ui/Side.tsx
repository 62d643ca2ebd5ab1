/** @file The right side: the classes of the image, why a mask is trusted or not, and how masks are drawn. */

import { select } from '../actions/load.ts';
import { soloClass, toggleClass } from '../actions/look.ts';
import { currentMask, isEdited } from '../actions/masks.ts';
import { type Finding, findings } from '../evidence.ts';
import { isEmpty } from '../masks/tiled-mask.ts';
import { itemKey } from '../queue.ts';
import {
  acceptable,
  fillOpacity,
  hiddenClasses,
  items,
  labels,
  loaded,
  room,
  selected,
  selectedItem,
  showOutlines,
  showPrompts,
} from '../store.ts';
import { CommandButton } from './CommandButton.tsx';
import { Icon } from './icons.tsx';
import { LabelClasses } from './LabelClasses.tsx';
import { Dot, Trust } from './Queue.tsx';
import { WithCode } from './WithCode.tsx';

export function Side() {
  return (
    <aside class="side panel" aria-label="About the image">
      {labels.value === undefined ? <Classes /> : <LabelClasses />}
      <Why />
      <Drawing />
      <SmartEditNote />
    </aside>
  );
}

function Classes() {
  const now = loaded.value;
  return (
    <section class="classes">
      <h2>Classes</h2>
      <ul>
        {room.value!.classes.map((name, classIndex) => (
          <ClassRow key={name} name={name} classIndex={classIndex} image={now?.image.id} />
        ))}
      </ul>
      {acceptable.value.length > 1 && (
        <CommandButton command="acceptImage" icon="accept" class="accept-all" showKey>
          Accept all {acceptable.value.length}
        </CommandButton>
      )}
    </section>
  );
}

function ClassRow({
  name,
  classIndex,
  image,
}: {
  readonly name: string;
  readonly classIndex: number;
  readonly image: string | undefined;
}) {
  const mask = currentMask(classIndex);
  const has = mask !== undefined && !isEmpty(mask);
  const item = image === undefined ? undefined : items.value.get(itemKey({ image, classIndex }));
  const isHidden = hiddenClasses.value.has(classIndex);
  const isCurrent = selected.value?.classIndex === classIndex;
  const state = isEdited(classIndex)
    ? 'drawn'
    : item === undefined || item.status === 'pending'
      ? ''
      : item.status;
  return (
    <li class={`${isCurrent ? 'is-current' : ''} ${has ? '' : 'is-absent'}`}>
      <button
        type="button"
        class="choose"
        aria-current={isCurrent ? 'true' : undefined}
        disabled={image === undefined}
        onClick={() => void select({ image: image!, classIndex })}
      >
        <Dot classIndex={classIndex} />
        <span class="name" title={name}>
          {name}
        </span>
        <span class="state">{state || (has && item ? <Trust {...item} /> : 'none')}</span>
      </button>
      <button
        type="button"
        class="eye"
        aria-pressed={!isHidden}
        aria-label={`Show ${name}`}
        title={`Show ${name}; with Shift: it alone`}
        onClick={(event) =>
          event.shiftKey ? soloClass(classIndex, room.value!.classes.length) : toggleClass(classIndex)
        }
      >
        <Icon name={isHidden ? 'hidden' : 'shown'} />
      </button>
    </li>
  );
}

/** What speaks for and against the refined mask. */
function Why() {
  const at = selected.value;
  const evidence = at && loaded.value?.about.get(at.classIndex)?.evidence;
  const item = selectedItem.value;
  if (evidence === undefined || item?.trust === undefined) return null;
  return (
    <section class="why">
      <h2>
        Trust <Trust {...item} />
      </h2>
      <dl>
        {findings(evidence).map((finding) => (
          <Row key={finding.name} {...finding} />
        ))}
      </dl>
    </section>
  );
}

function Row({ name, value, doubtful, about }: Finding) {
  return (
    <div class={doubtful ? 'is-doubtful' : ''} title={about}>
      <dt>{name}</dt>
      <dd>
        {value}
        {doubtful && <span class="unseen"> (doubtful)</span>}
      </dd>
    </div>
  );
}

function Drawing() {
  // Close-ups and random walkers are asked for nothing.
  const hasPrompts = [...(loaded.value?.about.values() ?? [])].some(({ prompts }) => prompts !== undefined);
  return (
    <section class="drawing">
      <h2>Show</h2>
      <label class="slider">
        <span>Fill</span>
        <input
          type="range"
          min="0"
          max="100"
          value={Math.round(100 * fillOpacity.value)}
          onInput={({ currentTarget: { value } }) => {
            fillOpacity.value = Number(value) / 100;
          }}
        />
      </label>
      <Check label="Outlines" state={showOutlines} />
      {hasPrompts && <Check label="Prompts of the refiner" state={showPrompts} />}
    </section>
  );
}

/** What to do where there is no promptable model. */
function SmartEditNote() {
  const smart = room.value!.smartEdit;
  if ('model' in smart) return null;
  return (
    <section>
      <h2>Smart edit is off</h2>
      <p class="note">
        <WithCode text={smart.missing} />
      </p>
    </section>
  );
}

function Check({ label, state }: { readonly label: string; readonly state: { value: boolean } }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={state.value}
        onChange={({ currentTarget: { checked } }) => {
          state.value = checked;
        }}
      />
      {label}
    </label>
  );
}
