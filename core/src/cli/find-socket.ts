import { fileURLToPath } from 'node:url';

/** From the mightiest; whoever may open several has the most of them. */
const doors = ['root', 'operators', 'viewers'] as const;

/**
 * The socket to talk to: `GEMEL_SOCKET`, else the first on this device that may be opened, else the sandbox's in the
 * repository this program is part of.
 */
export function findSocket(
  environment: Readonly<Record<string, string | undefined>>,
  mayOpen: (path: string) => boolean,
  module: string = import.meta.url,
): string | undefined {
  const given = environment['GEMEL_SOCKET'];
  if (given !== undefined && given !== '') return given;
  // this is core/dist/cli/ of the repository, or a file as deep in its build/
  const repository = fileURLToPath(new URL('../../..', module)).replace(/\/build\/$/, '/');
  const runtimeFolders = ['/run/gemel', `${repository}.state/run`];
  return runtimeFolders
    .flatMap((folder) => doors.map((door) => `${folder}/${door}/core.sock`))
    .find((path) => mayOpen(path));
}
