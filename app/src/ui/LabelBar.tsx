/** @file What is said about an image that is labelled: which class is drawn, and that the image is done. */
import { currentMask } from '../actions/masks.ts';
import { isEmpty } from '../masks/tiled-mask.ts';
import { labels, loaded, room, selected } from '../store.ts';
import { CommandButton } from './CommandButton.tsx';
import { Dot } from './Queue.tsx';

export function LabelBar() {
  const at = selected.value;
  if (at === undefined) return null;
  const name = room.value!.classes[at.classIndex];
  const isDone = labels.value!.done.includes(at.image);
  const mask = name === undefined ? undefined : currentMask(at.classIndex);
  return (
    <div class="decision">
      <p class="about">
        {name === undefined ? (
          <b>Name a class on the right, then draw it</b>
        ) : (
          <b>
            <Dot classIndex={at.classIndex} />
            {name}
          </b>
        )}
        <span class="file">{loaded.value?.image.name ?? at.image}</span>
        {isDone && <span class="stands">Done: runs learn from it</span>}
      </p>
      <div class="verdicts">
        <CommandButton
          command="reject"
          icon="reject"
          class="reject"
          showKey
          disabled={mask === undefined || isEmpty(mask)}
        >
          Clear
        </CommandButton>
        <CommandButton command="skip" icon="skip" showKey>
          Later
        </CommandButton>
        {isDone ? (
          <CommandButton command="withdraw" showKey>
            Not done after all
          </CommandButton>
        ) : (
          <CommandButton command="accept" icon="accept" class="accept" showKey>
            Image done
          </CommandButton>
        )}
      </div>
    </div>
  );
}
