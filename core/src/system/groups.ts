import { readFile } from 'node:fs/promises';
import { ApplianceError } from '../sdk/errors.js';

/** The number of a group of this machine. @param path What is to be given to it, for the message. */
export async function groupNumber(group: string, path: string): Promise<number> {
  const lines = (await readFile('/etc/group', 'utf8')).split('\n').map((line) => line.split(':'));
  const number = Number(lines.find(([name]) => name === group)?.[2]);
  if (Number.isInteger(number)) return number;
  const message = `${path} cannot be given to the group ${group}: there is no such group. Install the service that brings it.`;
  throw new ApplianceError('unavailable', message);
}
