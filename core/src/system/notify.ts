/**
 * Tells systemd how the service is doing (sd_notify(3)). Without NOTIFY_SOCKET, on a sandbox or a terminal, nothing is sent.
 */
export interface Notifier {
  /** Up: the unit becomes active and what is ordered after it starts. */
  ready(): Promise<void>;
  /** Alive and healthy. Missing it for WatchdogSec= restarts the service. */
  watchdog(): Promise<void>;
  stopping(): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  /** How often `watchdog` is due, milliseconds: a third of what the unit allows; undefined when it does not ask for it. */
  readonly watchdogEveryMs: number | undefined;
}

export function createNotifier(environment: NodeJS.ProcessEnv = process.env): Notifier {
  const send = environment['NOTIFY_SOCKET'] === undefined ? async () => {} : sendToSystemd;
  return {
    watchdogEveryMs: watchdogEvery(environment),
    ready: () => send('READY=1'),
    watchdog: () => send('WATCHDOG=1'),
    stopping: () => send('STOPPING=1'),
    status: (text) => send(`STATUS=${text.replaceAll('\n', ' ')}`),
  };
}

function watchdogEvery(environment: NodeJS.ProcessEnv): number | undefined {
  const micros = Number(environment['WATCHDOG_USEC']);
  const pid = environment['WATCHDOG_PID'];
  if (!(micros > 0) || (pid !== undefined && Number(pid) !== process.pid)) return undefined;
  return micros / 1000 / 3;
}

let library: Promise<(state: string) => number> | undefined;

async function sendToSystemd(state: string): Promise<void> {
  library ??= loadLibrary();
  const sent = (await library)(state);
  if (sent < 0) throw new Error(`systemd did not take ${state}: error ${-sent}`);
}

/**
 * libsystemd in the process: Node has no unix datagrams, and `systemd-notify` would need NotifyAccess=all, with which every
 * child of core could speak for it. 9 ms once, then 40 µs each.
 */
async function loadLibrary(): Promise<(state: string) => number> {
  const { default: koffi } = await import('koffi');
  const notify = koffi.load('libsystemd.so.0').func('int sd_notify(int unset_environment, const char *state)');
  return (state) => notify(0, state);
}
