import type { Role } from './actions.js';
import { createToken } from './token.js';

/** For built-in plugins that carry a sign-in over a way of their own; core provides it. */
export interface PasswordCheck {
  /**
   * Without starting a session. Failures are counted with those of all other sign-ins.
   * @param source Address from which it is tried.
   * @returns the user's role.
   * @throws ApplianceError `forbidden` without saying which of the two is wrong, `conflict` while locked out,
   *         `unavailable` when too many sign in at once.
   */
  check(name: string, password: string, source: string): Promise<Role>;
}

export const PasswordCheck = createToken<PasswordCheck>('core.password-check');
