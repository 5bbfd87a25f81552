import { randomBytes } from 'node:crypto';

/** Whom the health check signs in as, beside people: no login of theirs begins like this. */
export const healthUser = '_gemel';

/** As HTTP's basic authentication sends it. Of ASCII, and a multiple of three bytes long, it is letters and digits only. */
export function newHealthLogin(password: string = randomBytes(16).toString('hex')): string {
  return Buffer.from(`${healthUser}:${password}`).toString('base64');
}

export function passwordIn(healthLogin: string): string {
  return Buffer.from(healthLogin, 'base64')
    .toString()
    .slice(healthUser.length + 1);
}
