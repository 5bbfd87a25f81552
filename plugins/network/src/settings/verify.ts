import type { Report, VerifyInput } from '@gemel/core/sdk';
import { verifyAddresses } from '../addresses/verify-addresses.js';
import { verifyReach } from '../addresses/verify-reach.js';
import { verifyBonds } from '../bonds/verify-bonds.js';
import { verifyLinks, verifyMode, verifyMtu, verifyNames } from '../links/verify-links.js';
import { verifyRoutes } from '../routes/verify-routes.js';
import { verifyVlans } from '../vlans/verify-vlans.js';
import { Check, type CheckInput } from './check.js';
import type { NetworkFacts } from './facts.js';
import type { NetworkSettings } from './schema.js';

const checks = [
  verifyMode,
  verifyNames,
  verifyLinks,
  verifyMtu,
  verifyBonds,
  verifyVlans,
  verifyAddresses,
  verifyRoutes,
  verifyReach,
];

/** All reports, not the first. Pure, and total over everything the schema lets through. */
export function verifyNetwork(
  input: Omit<VerifyInput<NetworkSettings, NetworkFacts>, 'document'> & CheckInput,
): readonly Report[] {
  const check = new Check(input);
  for (const verify of checks) verify(check);
  return check.reports;
}
