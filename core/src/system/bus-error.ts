import type { DBusError } from 'dbus-native';
import { ApplianceError, type ErrorCode } from '../sdk/errors.js';
import type { DBusCall } from '../sdk/system.js';

const codes: Readonly<Record<string, ErrorCode>> = {
  'org.freedesktop.DBus.Error.ServiceUnknown': 'unavailable',
  'org.freedesktop.DBus.Error.NameHasNoOwner': 'unavailable',
  'org.freedesktop.DBus.Error.Disconnected': 'unavailable',
  'org.freedesktop.DBus.Error.NoReply': 'timeout',
  'org.freedesktop.DBus.Error.Timeout': 'timeout',
  'org.freedesktop.DBus.Error.AccessDenied': 'forbidden',
};

/** What a failed call means to Gemel. The D-Bus error stays reachable as the cause, its name through `busErrorName`. */
export function busError(failure: DBusError, call: DBusCall): ApplianceError {
  const what = `${call.member} of ${call.destination}`;
  const kind = 'code' in failure ? failure.code : undefined;
  if (kind === 'ETIMEDOUT') return new ApplianceError('timeout', `${what} did not answer in time.`, { cause: failure });
  if (kind === 'ECONNCLOSED') {
    return new ApplianceError('unavailable', `The connection to D-Bus was lost during ${what}.`, { cause: failure });
  }
  if (failure.dbusName === undefined) {
    // Refused here, before anything was sent: arguments that do not fit the signature.
    return new ApplianceError('invalid', `${what} cannot be called like this: ${failure.message}`, { cause: failure });
  }
  const code = codes[failure.dbusName] ?? 'engine-failed';
  return new ApplianceError(code, `${what} failed: ${failure.dbusName}: ${failure.message}`, { cause: failure });
}

/** `org.freedesktop.systemd1.NoSuchUnit`, or undefined when it was no error of the other side. */
export function busErrorName(thrown: unknown): string | undefined {
  const cause = thrown instanceof ApplianceError ? thrown.cause : undefined;
  if (!(cause instanceof Error) || !('dbusName' in cause)) return undefined;
  return typeof cause.dbusName === 'string' ? cause.dbusName : undefined;
}
