import { createRequire } from 'node:module';

/** Version of the built-in plugins, which is that of Gemel: they are released together. By name, since the image bundles modules. */
export function packageVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('@gemel/plugin-device/package.json');
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
