import type { VersionMetadata } from './version-metadata.js';

/** The part of a site's drop-in that is the same for all sites of a version. */
export function renderUnit({ type, version, command }: VersionMetadata): string {
  return `[Unit]
X-Gemel-Version=${type} ${version}

[Service]
ExecStart=${command.map(quote).join(' ')}
`;
}

/** Read by systemd and by bash, which agree on this form. */
export function renderHealth({ health }: VersionMetadata): string {
  return `HEALTH_PATH="${health.path}"
HEALTH_STATUSES="${health.statuses.join(' ')}"
HEALTH_SECONDS="${health.startSeconds}"
${health.signIn === true ? 'HEALTH_SIGN_IN="yes"\n' : ''}`;
}

/** An argument of a command line in a unit: `%` begins a specifier, places such as `${PORT}` stay. */
function quote(argument: string): string {
  return `"${argument.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')}"`;
}
