import type { Report } from '../sdk/index.js';
import { accessReports } from './reports.js';

export interface PasswordRules {
  /** NIST SP 800-63B asks for 8 at least; a device that stands in a network for years gets more. */
  readonly minimumLength: number;
  readonly minimumDifferent: number;
}

export const defaultPasswordRules: PasswordRules = { minimumLength: 10, minimumDifferent: 5 };

/** Longer ones only cost time. */
const maximumLength = 256;
/** Shorter names are in every second password by chance. */
const shortestNameToAvoid = 3;

/** Everything that is wrong with a new password. */
export function passwordReports(
  password: string,
  user: string,
  rules: PasswordRules,
  path = 'password',
): readonly Report[] {
  const { report } = accessReports;
  const length = Array.from(password).length;
  const different = new Set(password).size;
  const found: Report[] = [];
  if (length < rules.minimumLength) {
    found.push(report('access.password.too-short', { length, minimum: rules.minimumLength }, path));
  }
  if (length > maximumLength) found.push(report('access.password.too-long', { length, maximum: maximumLength }, path));
  if (user.length >= shortestNameToAvoid && password.toLowerCase().includes(user.toLowerCase())) {
    found.push(report('access.password.contains-user', { user }, path));
  }
  if (different < rules.minimumDifferent) {
    found.push(report('access.password.too-uniform', { different, minimum: rules.minimumDifferent }, path));
  }
  return found;
}
