import { toDisposable } from '../sdk/disposable.js';
import { ApplianceError } from '../sdk/errors.js';
import type { DBus, DBusCall, DBusSignalMatch } from '../sdk/system.js';
import { FaultPlan } from './fault-plan.js';

export type ScriptedReply = readonly unknown[] | Error | ((call: DBusCall) => readonly unknown[]);

interface Subscription {
  readonly match: DBusSignalMatch;
  readonly listener: (body: readonly unknown[], path: string) => void;
}

/** The system bus as the test says. A call nobody scripted is answered as by a bus without that service. */
export class ScriptedDBus implements DBus {
  readonly calls: DBusCall[] = [];
  readonly #replies = new Map<string, ScriptedReply>();
  readonly #properties = new Map<string, Record<string, unknown>>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #faults: FaultPlan;
  #others: DBus | undefined;

  constructor(faults = new FaultPlan()) {
    this.#faults = faults;
  }

  /** Subscriptions that were not ended. */
  get listening(): number {
    return this.#subscriptions.size;
  }

  /** @param member `org.freedesktop.timedate1.SetTimezone`: interface and member. */
  reply(destination: string, member: string, reply: ScriptedReply = []): this {
    this.#replies.set(`${destination} ${member}`, reply);
    return this;
  }

  properties(destination: string, path: string, interfaceName: string, values: Record<string, unknown>): this {
    this.#properties.set(`${destination} ${path} ${interfaceName}`, values);
    return this;
  }

  /** Every service that nobody scripted is looked for on this bus. */
  otherwise(others: DBus): this {
    this.#others = others;
    return this;
  }

  emit(interfaceName: string, member: string, body: readonly unknown[], path = '/'): void {
    for (const { match, listener } of this.#subscriptions) {
      const fits = match.interface === interfaceName && match.member === member;
      if (fits && (match.path === undefined || match.path === path)) listener(body, path);
    }
  }

  async call(call: DBusCall): Promise<readonly unknown[]> {
    const usual = () => new ApplianceError('unavailable', `${call.destination} does not answer.`);
    this.#faults.step('dbus', `call ${call.destination} ${call.member}`, usual);
    this.calls.push(call);
    const reply = this.#replies.get(`${call.destination} ${call.interface}.${call.member}`);
    if (reply === undefined && this.#others !== undefined) return this.#others.call(call);
    if (reply === undefined) throw absent(`${call.destination} ${call.interface}.${call.member}`);
    const body = typeof reply === 'function' ? reply(call) : reply;
    if (body instanceof Error) throw body;
    return body;
  }

  async getProperties(
    destination: string,
    path: string,
    interfaceName: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    this.#faults.assertAlive();
    const values = this.#properties.get(`${destination} ${path} ${interfaceName}`);
    if (values === undefined && this.#others !== undefined) {
      return this.#others.getProperties(destination, path, interfaceName);
    }
    if (values === undefined) throw absent(`${destination} ${path} ${interfaceName}`);
    return { ...values };
  }

  onSignal(match: DBusSignalMatch, listener: (body: readonly unknown[], path: string) => void): Disposable {
    const subscription = { match, listener };
    this.#subscriptions.add(subscription);
    const other = this.#others?.onSignal(match, listener);
    return toDisposable(() => {
      this.#subscriptions.delete(subscription);
      other?.[Symbol.dispose]();
    });
  }

  /** The services outlive a crash of a process; its subscriptions do not. */
  survive(faults: FaultPlan): ScriptedDBus {
    const next = new ScriptedDBus(faults);
    next.#others = this.#others;
    for (const [key, reply] of this.#replies) next.#replies.set(key, reply);
    for (const [key, values] of this.#properties) next.#properties.set(key, values);
    return next;
  }
}

function absent(what: string): ApplianceError {
  return new ApplianceError('unavailable', `${what} is not on the bus: the test scripted no reply.`);
}
