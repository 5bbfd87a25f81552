import type { DBus } from '@gemel/core/sdk';
import { z } from 'zod';

const destination = 'de.pengutronix.rauc';
const path = '/';
const interfaceName = 'de.pengutronix.rauc.Installer';

/** One slot as RAUC describes it: text where it knows something. */
const slotSchema = z.tuple([
  z.string(),
  z.looseObject({
    device: z.string(),
    bootname: z.string().optional(),
    state: z.string(),
    'boot-status': z.string().optional(),
    status: z.string().optional(),
    'bundle.version': z.string().optional(),
    'installed.timestamp': z.string().optional(),
    'installed.count': z.number().optional(),
  }),
]);

const stateSchema = z.looseObject({
  Operation: z.string(),
  LastError: z.string(),
  Progress: z.tuple([z.number(), z.string(), z.number()]),
});

export interface RaucSlot {
  /** `rootfs.0` */
  readonly id: string;
  /** `A` or `B`. */
  readonly name: string;
  readonly booted: boolean;
  /** For the boot loader: it may be started. */
  readonly good: boolean;
  /** RAUC wrote it to the end. */
  readonly whole: boolean;
  /** Undefined in a slot that the image was made with, or that is empty. */
  readonly version: string | undefined;
  readonly installedAt: string | undefined;
  /** How often it was written to the end. */
  readonly installations: number;
}

export interface RaucState {
  /** `idle` or what it does. */
  readonly operation: string;
  readonly lastError: string;
  readonly percent: number;
  readonly message: string;
}

/** RAUC's service, started by the bus when it is asked. */
export class Rauc {
  constructor(readonly dbus: DBus) {}

  /** @throws ApplianceError `unavailable` where there is none, `engine-failed`. */
  async slots(): Promise<readonly RaucSlot[]> {
    const [answer] = await this.#call('GetSlotStatus');
    return z
      .array(slotSchema)
      .parse(answer)
      .flatMap(([id, slot]) =>
        slot.bootname === undefined
          ? []
          : [
              {
                id,
                name: slot.bootname,
                booted: slot.state === 'booted',
                good: slot['boot-status'] === 'good',
                whole: slot.status === 'ok',
                version: slot['bundle.version'],
                installedAt: slot['installed.timestamp'],
                installations: slot['installed.count'] ?? 0,
              },
            ],
      );
  }

  /** Id of the slot that the boot loader takes next. */
  async primary(): Promise<string> {
    const [answer] = await this.#call('GetPrimary');
    return z.string().parse(answer);
  }

  /** Starts to install; `state` says how it goes on. */
  async install(file: string): Promise<void> {
    await this.#call('InstallBundle', 'sa{sv}', [file, []]);
  }

  /** Told when an installation has ended; `state` says so a moment later. */
  onCompleted(listener: () => void): Disposable {
    return this.dbus.onSignal({ sender: destination, path, interface: interfaceName, member: 'Completed' }, listener);
  }

  /** `active`: next to be started, once. `bad`: not to be started. */
  async mark(state: 'active' | 'bad' | 'good', slot: 'booted' | 'other'): Promise<void> {
    await this.#call('Mark', 'ss', [state, slot]);
  }

  async state(): Promise<RaucState> {
    const { Operation, LastError, Progress } = stateSchema.parse(
      await this.dbus.getProperties(destination, path, interfaceName),
    );
    const [percent, message] = Progress;
    return { operation: Operation, lastError: LastError, percent, message };
  }

  async #call(member: string, signature?: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
    const call = { destination, path, interface: interfaceName, member, timeoutMs: 60_000 };
    return this.dbus.call(signature === undefined ? call : { ...call, signature, arguments: values });
  }
}
