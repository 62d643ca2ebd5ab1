/** @file Folders of this computer, one level at a time. */
import type { FolderList } from '../../../src/desk/protocol.ts';
import { browse, look } from './actions.ts';
import { shortPath } from './paths.ts';
import { home } from './store.ts';

export function FolderBrowser({ list }: { readonly list: FolderList }) {
  return (
    <div class="browser">
      <div class="row">
        <p class="path">{shortPath(list.path)}</p>
        <button type="button" class="main" onClick={() => void look(list.path)}>
          Use this folder{list.images > 0 && ` (${list.more ? 'at least ' : ''}${list.images} images)`}
        </button>
      </div>
      <ul aria-label={`Folders in ${shortPath(list.path)}`}>
        {list.parent !== undefined && <Entry name="Up" path={list.parent} />}
        {list.folders.map(({ name, path }) => (
          <Entry key={path} name={name} path={path} />
        ))}
        {list.parent === undefined &&
          home
            .value!.roots.filter((root) => root !== list.path)
            .map((root) => <Entry key={root} name={shortPath(root)} path={root} />)}
      </ul>
      {list.folders.length === 0 && <p class="quiet-text">There are no folders in it.</p>}
    </div>
  );
}

function Entry({ name, path }: { readonly name: string; readonly path: string }) {
  return (
    <li>
      <button type="button" onClick={() => void browse(path)}>
        {name}
      </button>
    </li>
  );
}
