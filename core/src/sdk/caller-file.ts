import { z } from 'zod';
import { type CallerFileRule, uploadPrefix } from './caller-file-rule.js';

/** Where people put files for the appliance, and where media are mounted. The rest is hidden from core, or may be another file there. */
const inPlace = ['/var/lib/gemel/incoming', '/srv/gemel', '/media', '/mnt'] as const;

/**
 * A large file of the caller, as a property of the input of a call or job (not deeper). The caller names a file of their own; what does not lie
 * in one of a few folders that core sees is sent to core first. `run` always gets an absolute path on the appliance. A file
 * that was sent is gone when the action or job has ended.
 *
 * For texts of a few kilobytes `.meta({ fileContent: true })` is simpler: their content is the value.
 */
export function callerFile(rule: Omit<CallerFileRule, 'inPlace'>): z.ZodString {
  const { ending = '' } = rule;
  const path = `/[^\\p{Cc}]{1,500}${ending.replaceAll('.', '\\.')}`;
  const pattern = new RegExp(`^(?:${path}|${uploadPrefix}[0-9a-f]{32})$`, 'u');
  const form = `must be an absolute path${ending === '' ? '' : ` that ends in ${ending}`}, or what was sent before`;
  return z
    .string()
    .regex(pattern, form)
    .meta({ callerFile: { ...rule, inPlace } });
}
