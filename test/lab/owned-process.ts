import { spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process we started, told apart from a later one with the same id by its start time and the machine's boot. */
export interface OwnedProcess {
  readonly pid: number;
  /** Clock ticks after boot, field 22 of /proc/PID/stat (proc_pid_stat(5)). */
  readonly startTicks: string;
  readonly bootId: string;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** State letter and start time of a process, or undefined when there is none. */
function processStat(pid: number): { state: string; startTicks: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything; the fields that follow it are counted from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

export function ownedProcess(pid: number): OwnedProcess | undefined {
  const stat = processStat(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether exactly this process still runs. A zombie does not. */
export function isAlive(owned: OwnedProcess | undefined): owned is OwnedProcess {
  if (owned === undefined || owned.bootId !== bootId()) return false;
  const stat = processStat(owned.pid);
  return stat !== undefined && stat.startTicks === owned.startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** SIGKILL, only if it still is the process we started; resolves when it is gone and holds no file any more. */
export async function killOwned(owned: OwnedProcess | undefined): Promise<void> {
  if (!isAlive(owned)) return;
  process.kill(owned.pid, 'SIGKILL');
  for (let waited = 0; isEnding(owned) && waited < 10_000; waited += 5) await sleep(5);
}

/** The first thread of a process is a zombie while others still end, and with them the locks on its disks. */
function isEnding(owned: OwnedProcess): boolean {
  const { pid, startTicks } = owned;
  if (isAlive(owned)) return true;
  if (processStat(pid)?.startTicks !== startTicks) return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false; // it went in this moment
  }
}

/** Starts a process that outlives this one, in a session of its own, with its output in a log file. */
export async function startDetached(argv: readonly string[], logFile: string): Promise<OwnedProcess> {
  const [program = '', ...rest] = argv;
  const log = openSync(logFile, 'a');
  const child = spawn(program, rest, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' },
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  const owned = ownedProcess(child.pid ?? -1);
  if (owned === undefined) throw new Error(`${program} ended at once, see ${logFile}`);
  return owned;
}
