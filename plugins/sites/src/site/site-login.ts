import type { CommandRunner } from '@gemel/core/sdk';
import { refusal, siteReports } from '../reports.js';
import { healthUser, newHealthLogin, passwordIn } from '../run/health-login.js';
import { hashPassword, newSalt } from '../run/password-hash.js';
import type { VersionMetadata } from '../version/version-metadata.js';

/** 2^4 rounds, the fewest that there are: 128 random bits need none, and the check signs in again and again. */
const healthCost = '04';

export interface SiteLogin {
  /** What the site's record says of it. */
  readonly record: { readonly login: string; readonly healthLogin?: string };
  /** What the version's step is told. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input: string;
}

/**
 * @param healthLogin What the health check signs in with already: it stays, so that no check fails meanwhile.
 * @returns undefined when no login is asked for. @throws ApplianceError `invalid`.
 */
export async function siteLogin(
  commands: CommandRunner,
  { type, version, hooks, health }: VersionMetadata,
  wanted: { readonly login?: string | undefined; readonly password?: string | undefined },
  healthLogin = newHealthLogin(),
): Promise<SiteLogin | undefined> {
  const { login, password } = wanted;
  if (login === undefined && password === undefined) return undefined;
  if (hooks.login === undefined)
    throw refusal(siteReports.report('sites.login.not-supported', { type, version }, 'login'), 'invalid');
  if (login === undefined || password === undefined)
    throw refusal(siteReports.report('sites.login.incomplete', {}, 'login'), 'invalid');
  const hash = await hashPassword(commands, password);
  if (health.signIn !== true) return { record: { login }, environment: { LOGIN: login }, input: `${hash}\n` };
  const healthHash = await hashPassword(commands, passwordIn(healthLogin), newSalt(undefined, healthCost));
  return {
    record: { login, healthLogin },
    environment: { LOGIN: login, HEALTH_USER: healthUser },
    input: `${hash}\n${healthHash}\n`,
  };
}
