import { toDisposable } from '../../sdk/disposable.js';
import { ApplianceError } from '../../sdk/errors.js';
import type { DBus, DBusCall, DBusSignalMatch } from '../../sdk/system.js';

/** A service of the model: one object. */
export interface SandboxService {
  readonly path: string;
  /** Every property of its interface as it is now. */
  properties(): Promise<Readonly<Record<string, unknown>>>;
  /** @returns the reply's body, or undefined for a method that the model does not have. */
  call(member: string, values: readonly unknown[]): Promise<readonly unknown[] | undefined>;
}

type Listener = (body: readonly unknown[], path: string) => void;

/** A bus with the few services that the sandbox has a model of. A method that succeeds tells about changed properties. */
export class SandboxBus implements DBus {
  readonly #services: ReadonlyMap<string, SandboxService>;
  readonly #subscriptions = new Set<{ readonly match: DBusSignalMatch; readonly listener: Listener }>();

  constructor(services: Readonly<Record<string, SandboxService>>) {
    this.#services = new Map(Object.entries(services));
  }

  async call(call: DBusCall): Promise<readonly unknown[]> {
    const service = this.#find(call.destination, call.path);
    const body = await service.call(call.member, call.arguments ?? []);
    if (body === undefined) throw absent(`${call.member} of ${call.destination}`);
    this.#tellChanged(call.destination, service, call.interface);
    return body;
  }

  async getProperties(destination: string, path: string): Promise<Readonly<Record<string, unknown>>> {
    return this.#find(destination, path).properties();
  }

  onSignal(match: DBusSignalMatch, listener: Listener): Disposable {
    const subscription = { match, listener };
    this.#subscriptions.add(subscription);
    return toDisposable(() => this.#subscriptions.delete(subscription));
  }

  #find(destination: string, path: string): SandboxService {
    const service = this.#services.get(destination);
    if (service === undefined || service.path !== path) throw absent(destination);
    return service;
  }

  #tellChanged(destination: string, { path }: SandboxService, interfaceName: string): void {
    for (const { match, listener } of this.#subscriptions) {
      const isChange = match.interface === 'org.freedesktop.DBus.Properties' && match.member === 'PropertiesChanged';
      const fits = (match.sender ?? destination) === destination && (match.path ?? path) === path;
      // Everything may have changed: listeners read what they need.
      if (isChange && fits) queueMicrotask(() => listener([interfaceName, {}, []], path));
    }
  }
}

function absent(what: string): ApplianceError {
  return new ApplianceError('unavailable', `${what} is not part of the sandbox host. Use an appliance for it.`);
}
