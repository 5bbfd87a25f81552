import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname, relative } from 'node:path';
import { toDisposable } from '../sdk/disposable.js';
import { storageError } from './storage-error.js';

/** Engines write several files per change: one call for all of them. Longer would be felt on a screen. */
const coalesceMs = 20;

/** Watches a folder that may come, go and come again; while it is absent its nearest existing parent is watched. */
export function watchFolder(path: string, listener: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  let watched = '';
  let scheduled: NodeJS.Timeout | undefined;
  let ended = false;

  const arm = () => {
    const nearest = nearestExisting(path);
    watcher?.close();
    watched = nearest;
    const towards = relative(nearest, path).split('/', 1)[0];
    try {
      watcher = watch(nearest, { persistent: false }, (_event, name) => {
        // In a parent only the way to the folder counts: /run changes all the time.
        if (watched === path || name === null || name === towards) schedule();
      });
    } catch (failure) {
      throw storageError(nearest, 'watched', failure);
    }
    // The folder went away under the watch.
    watcher.on('error', schedule);
  };
  const schedule = () => {
    scheduled ??= setTimeout(() => {
      scheduled = undefined;
      if (ended) return;
      const before = watched;
      arm();
      if (before === path || watched === path) listener();
    }, coalesceMs);
  };

  arm();
  return toDisposable(() => {
    ended = true;
    clearTimeout(scheduled);
    watcher?.close();
  });
}

function nearestExisting(path: string): string {
  let folder = path;
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}
