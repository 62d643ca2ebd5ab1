/** @file The help: all keys, from the table that the keyboard goes by. */
import { useEffect, useRef } from 'preact/hooks';
import { KEY_GROUPS, keyNames, LABEL_KEY_GROUPS } from '../keys.ts';
import { helpOpen, labels } from '../store.ts';
import { Icon, KeyCap } from './icons.tsx';

export function Help() {
  const ref = useRef<HTMLDialogElement>(null);
  const isOpen = helpOpen.value;
  useEffect(() => {
    // A modal dialog keeps the focus to itself and gives it back in the end.
    if (isOpen) ref.current?.showModal();
    else ref.current?.close();
  }, [isOpen]);
  const close = (): void => {
    helpOpen.value = false;
  };
  return (
    <dialog ref={ref} class="help" aria-labelledby="help-title" onClose={close}>
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" class="quiet" aria-label="Close" onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="groups">
        {(labels.value === undefined ? KEY_GROUPS : LABEL_KEY_GROUPS).map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map((key) => (
                <div key={key.command}>
                  <dt>
                    {keyNames(key).map((name) => (
                      <KeyCap key={name}>{name}</KeyCap>
                    ))}
                  </dt>
                  <dd>{key.does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Mouse, pen, fingers, no pointer at all</h3>
          <dl>
            <div>
              <dt>Wheel, pinch</dt>
              <dd>Closer and farther</dd>
            </div>
            <div>
              <dt>Right drag</dt>
              <dd>Contrast to the sides, brightness up and down</dd>
            </div>
            <div>
              <dt>Middle drag</dt>
              <dd>Moves the image with any tool; so do two fingers, or one where a pen draws</dd>
            </div>
            <div>
              <dt>Tab to the image</dt>
              <dd>Arrows move a crosshair (with Shift farther), Enter uses the tool there</dd>
            </div>
          </dl>
        </section>
      </div>
    </dialog>
  );
}
