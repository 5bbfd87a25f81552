import { createConnection, type Socket } from 'node:net';
import type { Message, MessageBus } from 'dbus-native';
import { toDisposable } from '../sdk/disposable.js';
import { ApplianceError } from '../sdk/errors.js';
import type { DBus, DBusCall, DBusSignalMatch } from '../sdk/system.js';
import { busError, busErrorName } from './bus-error.js';

/** A service that the bus has to start first takes seconds on a slow or busy machine. */
const defaultTimeoutMs = 15_000;
/** Connect, authenticate and Hello take 5 ms; a bus that needs longer is not there. */
const connectTimeoutMs = 5_000;
const firstRetryMs = 100;
const lastRetryMs = 5_000;
const signalType = 4;
const busName = 'org.freedesktop.DBus';
const busObject = { destination: busName, path: '/org/freedesktop/DBus', interface: busName };

type Listener = (body: readonly unknown[], path: string) => void;

interface Subscription {
  readonly match: DBusSignalMatch;
  readonly rule: string;
  readonly listener: Listener;
}

interface Connection {
  readonly bus: MessageBus;
  readonly socket: Socket;
  readonly rules: Set<string>;
  /** Unique names of the services whose signals somebody listens to. */
  readonly owners: Map<string, string>;
}

export interface SystemBusOptions {
  readonly socketPath?: string;
  /** Told about a listener that threw and a subscription that the bus refused. */
  readonly onTrouble?: (failure: unknown, what: string) => void;
}

/**
 * The system bus. Connects with the first call or subscription.
 *
 * INVARIANTS: at most one connection; a call is sent at most once and ends within its time limit; while anybody is subscribed
 * a lost connection is made again, with every match rule; a call is sent after the rules of the subscriptions made before it; a signal reaches a listener only from the sender it asked for.
 *
 * dbus-native's own reconnect is not used: a bus that is away longer than its time limit for Hello makes it throw where
 * nobody can catch it.
 */
export class SystemBus implements DBus, AsyncDisposable {
  readonly #socketPath: string;
  readonly #onTrouble: (failure: unknown, what: string) => void;
  readonly #subscriptions = new Set<Subscription>();
  readonly #connectListeners = new Set<() => void>();
  /** Rules are added and removed in the order in which they were asked for. */
  #ruleChanges: Promise<void> = Promise.resolve();
  #connection: Promise<Connection> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #ended = false;

  constructor(options: SystemBusOptions = {}) {
    this.#socketPath = options.socketPath ?? '/run/dbus/system_bus_socket';
    this.#onTrouble = options.onTrouble ?? (() => {});
  }

  async call(call: DBusCall): Promise<readonly unknown[]> {
    const connection = await this.#connect();
    await this.#ruleChanges;
    return invoke(connection.bus, call);
  }

  async getProperties(
    destination: string,
    path: string,
    interfaceName: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const [properties] = await this.call({
      destination,
      path,
      interface: 'org.freedesktop.DBus.Properties',
      member: 'GetAll',
      signature: 's',
      arguments: [interfaceName],
    });
    if (!isRecord(properties)) throw new ApplianceError('engine-failed', `${destination} has no properties.`);
    return properties;
  }

  onSignal(match: DBusSignalMatch, listener: Listener): Disposable {
    const subscription: Subscription = { match, rule: ruleOf(match), listener };
    this.#subscriptions.add(subscription);
    this.#changeRules(() => this.#subscribe(subscription));
    return toDisposable(() => {
      this.#subscriptions.delete(subscription);
      this.#changeRules(() => this.#unsubscribe(subscription.rule));
    });
  }

  /** Called after every connect, the first included: for what a service forgets with the connection. */
  onConnect(listener: () => void): Disposable {
    this.#connectListeners.add(listener);
    return toDisposable(() => this.#connectListeners.delete(listener));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#retry);
    this.#subscriptions.clear();
    await this.#ruleChanges;
    const connection = await this.#connection?.catch(() => undefined);
    connection?.socket.destroy();
  }

  #connect(): Promise<Connection> {
    if (this.#ended) return Promise.reject(new ApplianceError('cancelled', 'The connection to D-Bus was closed.'));
    this.#connection ??= this.#open().catch((failure: unknown) => {
      this.#connection = undefined;
      this.#retryLater();
      throw failure;
    });
    return this.#connection;
  }

  async #open(): Promise<Connection> {
    const socket = await connectSocket(this.#socketPath);
    const { createClient } = await import('dbus-native');
    const bus = createClient({ stream: socket, direct: true, timeout: 0 });
    // The close that follows every error does the work.
    bus.connection.on('error', () => {});
    bus.connection.on('handlerError', (failure) => this.#onTrouble(failure, 'a D-Bus signal'));
    try {
      await invoke(bus, { ...busObject, member: 'Hello', timeoutMs: connectTimeoutMs });
      const connection: Connection = { bus, socket, rules: new Set(), owners: new Map() };
      bus.connection.on('message', (message) => this.#dispatch(connection, message));
      socket.once('close', () => this.#lost());
      if (socket.destroyed) throw new ApplianceError('unavailable', 'D-Bus closed the connection.');
      for (const each of this.#subscriptions) await addMatch(connection, each);
      this.#retryMs = firstRetryMs;
      for (const listener of this.#connectListeners) listener();
      return connection;
    } catch (failure) {
      socket.destroy();
      throw failure;
    }
  }

  #lost(): void {
    this.#connection = undefined;
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#ended || this.#subscriptions.size === 0 || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      // Its failure plans the next attempt.
      this.#connect().catch(() => {});
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
  }

  /** @param change reports its own failures. */
  #changeRules(change: () => Promise<void>): void {
    this.#ruleChanges = this.#ruleChanges.then(change);
  }

  async #subscribe(subscription: Subscription): Promise<void> {
    if (!this.#subscriptions.has(subscription)) return;
    try {
      await addMatch(await this.#connect(), subscription);
    } catch (failure) {
      this.#onTrouble(failure, `the subscription to ${subscription.rule}`);
    }
  }

  async #unsubscribe(rule: string): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    if (connection === undefined || this.#hasRule(rule) || !connection.rules.delete(rule)) return;
    await callBus(connection, 'RemoveMatch', rule).catch((failure: unknown) => {
      if (!connection.socket.destroyed) this.#onTrouble(failure, `the end of the subscription to ${rule}`);
    });
  }

  #hasRule(rule: string): boolean {
    return [...this.#subscriptions].some((subscription) => subscription.rule === rule);
  }

  #dispatch(connection: Connection, message: Message): void {
    if (message.type !== signalType) return;
    const path = message.path ?? '/';
    const body = message.body ?? [];
    if (message.interface === busName && message.member === 'NameOwnerChanged' && message.sender === busName) {
      const [name, , owner] = body;
      if (typeof name === 'string' && typeof owner === 'string') connection.owners.set(name, owner);
    }
    for (const { match, listener } of this.#subscriptions) {
      if (match.interface !== message.interface || match.member !== message.member) continue;
      if (match.path !== undefined && match.path !== path) continue;
      if (match.sender !== undefined && connection.owners.get(match.sender) !== message.sender) continue;
      try {
        listener(body, path);
      } catch (failure) {
        this.#onTrouble(failure, `a listener for ${match.interface}.${match.member}`);
      }
    }
  }
}

async function addMatch(connection: Connection, { match, rule }: Subscription): Promise<void> {
  if (connection.rules.has(rule)) return;
  connection.rules.add(rule);
  if (match.sender !== undefined) await followOwner(connection, match.sender);
  await callBus(connection, 'AddMatch', rule);
}

/** Signals carry the unique name of their sender. The owner is watched before it is asked for, so that no change is missed. */
async function followOwner(connection: Connection, name: string): Promise<void> {
  if (connection.owners.has(name)) return;
  connection.owners.set(name, name === busName ? busName : '');
  if (name === busName) return;
  const rule = `type='signal',sender='${busName}',interface='${busName}',member='NameOwnerChanged',arg0='${name}'`;
  await callBus(connection, 'AddMatch', rule);
  try {
    const [owner] = await callBus(connection, 'GetNameOwner', name);
    connection.owners.set(name, String(owner));
  } catch (failure) {
    // Not on the bus yet: NameOwnerChanged tells when it comes.
    if (busErrorName(failure) !== 'org.freedesktop.DBus.Error.NameHasNoOwner') throw failure;
  }
}

function callBus(connection: Connection, member: string, argument: string): Promise<readonly unknown[]> {
  return invoke(connection.bus, { ...busObject, member, signature: 's', arguments: [argument] });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function ruleOf(match: DBusSignalMatch): string {
  const parts = [
    `type='signal'`,
    ...(match.sender === undefined ? [] : [`sender='${match.sender}'`]),
    ...(match.path === undefined ? [] : [`path='${match.path}'`]),
    `interface='${match.interface}'`,
    `member='${match.member}'`,
  ];
  return parts.join(',');
}

function connectSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (cause) => {
      reject(new ApplianceError('unavailable', 'D-Bus does not answer. Start dbus.service.', { cause }));
    });
  });
}

function invoke(bus: MessageBus, call: DBusCall): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    const message: Message = {
      destination: call.destination,
      path: call.path,
      interface: call.interface,
      member: call.member,
      ...(call.signature === undefined ? {} : { signature: call.signature, body: [...(call.arguments ?? [])] }),
    };
    bus.invoke(message, { timeout: call.timeoutMs ?? defaultTimeoutMs }, (failure, ...body) => {
      if (failure) reject(busError(failure, call));
      else resolve(body);
    });
  });
}
