/** @file The middle of the page: tools, the canvas, and what is decided about the chosen mask. */
import type { ReviewItem } from '../../../src/review/protocol.ts';
import { isEdited } from '../actions/masks.ts';
import type { Command } from '../keys.ts';
import {
  brushRadius,
  canDecide,
  drawing,
  labels,
  loaded,
  room,
  selected,
  selectedItem,
  showMasks,
  shown,
  smartBusy,
  type Tool,
  tool,
  unshown,
} from '../store.ts';
import { Canvas } from '../view/Canvas.tsx';
import { CommandButton } from './CommandButton.tsx';
import type { IconName } from './icons.tsx';
import { LabelBar } from './LabelBar.tsx';
import { Dot } from './Queue.tsx';

export function Stage() {
  return (
    <section class="stage" aria-label="Image">
      <Tools />
      <div class="ground">
        <Canvas />
        <Badge />
        <BrushSize />
        <div class="corner group">
          <CommandButton command="zoomOut" icon="minus" label="Farther" />
          <CommandButton command="zoomIn" icon="plus" label="Closer" />
          <CommandButton command="fitMask" icon="target" label="Close to the mask" />
          <CommandButton command="fitImage" icon="fit" label="Whole image" />
        </div>
        <Waiting />
      </div>
      {labels.value === undefined ? <Decision /> : <LabelBar />}
    </section>
  );
}

/** What stands in the place of an image. */
function Waiting() {
  if (loaded.value !== undefined) return null;
  if (unshown.value === undefined) return <p class="loading">Loading the image …</p>;
  return (
    <div class="unshown" role="alert">
      <b>This image cannot be shown</b>
      <p>{unshown.value}</p>
    </div>
  );
}

const TOOLS: readonly (readonly [Tool & Command & IconName, string])[] = [
  ['look', 'Look'],
  ['smart', 'Smart edit'],
  ['brush', 'Brush'],
  ['erase', 'Eraser'],
  ['polygon', 'Polygon'],
];

function Tools() {
  const smart = room.value!.smartEdit;
  const missing = 'missing' in smart ? smart.missing : undefined;
  return (
    <div class="tools" role="toolbar" aria-label="Tools">
      <div class="group">
        {TOOLS.map(([name, title]) => (
          <CommandButton
            key={name}
            command={name}
            icon={name}
            pressed={tool.value === name}
            disabled={name !== 'look' && (!canDecide.value || (name === 'smart' && missing !== undefined))}
            {...(name === 'smart' && missing !== undefined && { title: missing })}
          >
            <span class="label">{title}</span>
          </CommandButton>
        ))}
      </div>
      <div class="group">
        <CommandButton
          command="undo"
          icon="undo"
          label="Undo"
          disabled={(drawing.value?.past.length ?? 0) === 0}
        />
        <CommandButton
          command="redo"
          icon="redo"
          label="Redo"
          disabled={(drawing.value?.future.length ?? 0) === 0}
        />
      </div>
      <Stages />
    </div>
  );
}

function BrushSize() {
  const isBrush = tool.value === 'brush' || tool.value === 'erase';
  if (!isBrush) return null;
  return (
    <label class="size">
      <span>Size</span>
      <input
        type="range"
        min="0"
        max="100"
        value={100 * (Math.log(brushRadius.value / 0.5) / Math.log(400))}
        aria-valuetext={`${2 * brushRadius.value} px`}
        onInput={({ currentTarget: { value } }) => {
          brushRadius.value = Math.round(0.5 * 400 ** (Number(value) / 100) * 2) / 2;
        }}
      />
      <output>{2 * brushRadius.value} px</output>
    </label>
  );
}

const STAGES = [
  ['initial', 'Initial'],
  ['final', 'Final'],
  ['truth', 'Truth'],
] as const;

/** The masks of other stages, to compare. */
function Stages() {
  const layers = loaded.value?.layers ?? {};
  return (
    <fieldset class="group">
      <legend class="unseen">Masks of other stages</legend>
      {STAGES.filter(([name]) => layers[name] !== undefined).map(([name, title]) => (
        <CommandButton key={name} command={name} pressed={shown.value === name}>
          {title}
        </CommandButton>
      ))}
      {shown.value !== 'mask' && canDecide.value && shown.value !== 'truth' && (
        <CommandButton command="take">Use this</CommandButton>
      )}
    </fieldset>
  );
}

/** Says what is seen where it is not the mask that is worked on. */
function Badge() {
  if (!showMasks.value) return <p class="badge">No masks</p>;
  const title = STAGES.find(([name]) => name === shown.value)?.[1];
  if (title !== undefined) return <p class="badge">{title} masks</p>;
  return smartBusy.value ? <p class="badge">Drawing …</p> : null;
}

const STANDS: Readonly<Record<ReviewItem['status'], string>> = {
  pending: '',
  accepted: 'Accepted',
  corrected: 'Corrected',
  rejected: 'Rejected: nothing of it is to be seen',
  skipped: 'Left for later',
};

function Decision() {
  const at = selected.value;
  if (at === undefined) return null;
  const item = selectedItem.value;
  const status = item?.status ?? 'pending';
  const edited = isEdited(at.classIndex);
  return (
    <div class="decision">
      <p class="about">
        <b>
          <Dot classIndex={at.classIndex} />
          {room.value!.classes[at.classIndex]}
        </b>
        <span class="file">{loaded.value?.image.name ?? at.image}</span>
        {edited && <span class="edited">not saved yet</span>}
        {!edited && status !== 'pending' && (
          <span class="stands" title={item?.time}>
            {STANDS[status]} by {item?.by}
          </span>
        )}
      </p>
      {canDecide.value ? (
        <div class="verdicts">
          {status !== 'pending' && !edited && (
            <CommandButton command="withdraw" class="quiet" showKey>
              Take back
            </CommandButton>
          )}
          <CommandButton command="skip" icon="skip" showKey>
            Later
          </CommandButton>
          <CommandButton command="reject" icon="reject" class="reject" showKey>
            Nothing here
          </CommandButton>
          <CommandButton command="accept" icon="accept" class="accept" showKey>
            {edited ? 'Save' : 'Accept'}
          </CommandButton>
        </div>
      ) : (
        loaded.value !== undefined && (
          <p class="note">This image has a ground truth. It is here to look at.</p>
        )
      )}
    </div>
  );
}
