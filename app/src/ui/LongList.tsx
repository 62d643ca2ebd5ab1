/** @file A list of any length, of which only the rows in sight are built. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** Height of a row in px, as in the style sheet. */
const ROW = 76;
/** Rows built beyond each end of what is in sight. */
const SPARE = 4;

export interface RowPlace {
  readonly isCurrent: boolean;
  /** One row alone is reached by Tab, which else would go through hundreds; keys of the page lead to the others. */
  readonly tabIndex: 0 | -1;
}

interface LongListProps<T> {
  readonly items: readonly T[];
  readonly keyOf: (item: T) => string;
  /** Key of the item that is worked on: it stays in sight. */
  readonly current: string | undefined;
  readonly row: (item: T, place: RowPlace) => ComponentChildren;
  readonly empty: ComponentChildren;
}

export function LongList<T>({ items, keyOf, current, row, empty }: LongListProps<T>) {
  const ref = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [height, setHeight] = useState(600);
  const index = current === undefined ? -1 : items.findIndex((item) => keyOf(item) === current);
  useEffect(() => {
    const list = ref.current!;
    const observer = new ResizeObserver(() => setHeight(list.clientHeight));
    observer.observe(list);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const list = ref.current;
    if (list === null || index < 0) return;
    // With the next rows below it.
    const [top, bottom] = [index * ROW, (index + 2) * ROW];
    if (top < list.scrollTop) list.scrollTop = top;
    else if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  }, [index]);
  const first = Math.max(0, Math.floor(scrolled / ROW) - SPARE);
  const last = Math.min(items.length, Math.ceil((scrolled + height) / ROW) + SPARE);
  return (
    <div class="list" ref={ref} onScroll={({ currentTarget: { scrollTop } }) => setScrolled(scrollTop)}>
      {items.length === 0 ? (
        empty
      ) : (
        <ol style={{ height: `${items.length * ROW}px` }}>
          {items.slice(first, last).map((item, i) => (
            <li key={keyOf(item)} style={{ top: `${(first + i) * ROW}px` }}>
              {row(item, {
                isCurrent: first + i === index,
                tabIndex: first + i === Math.max(0, index) ? 0 : -1,
              })}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
