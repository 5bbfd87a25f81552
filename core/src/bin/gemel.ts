import { enableCompileCache } from 'node:module';

const cache = compileCacheFolder();
if (cache !== undefined) enableCompileCache(cache);
// imported only now, so that the cache holds it
const { runGemel } = await import('../cli/gemel-command.js');
await runGemel();

/** Only folders that nobody else can write: what is in there is run. Where it can't be written, there is no cache. */
function compileCacheFolder(): string | undefined {
  if (process.getuid?.() === 0) return '/var/cache/gemel/compiled';
  const { XDG_CACHE_HOME: caches, HOME: home } = process.env;
  if (caches?.startsWith('/')) return `${caches}/gemel`;
  return home?.startsWith('/') ? `${home}/.cache/gemel` : undefined;
}
