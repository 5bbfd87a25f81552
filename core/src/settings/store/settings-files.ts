import { ApplianceError, asApplianceError, type Clock, type FileStore, type Report } from '../../sdk/index.js';
import { reasonOf } from '../sections.js';
import { settingsReports } from '../reports.js';

/** Settings can hold secrets: nobody but root reads them. */
const privateMode = 0o600;

/** The engine's own folder. What does not parse is moved aside and reported, never thrown at boot. */
export class SettingsFiles {
  /** What was found damaged since the engine started. */
  readonly damage: Report[] = [];

  constructor(
    readonly files: FileStore,
    readonly folder: string,
    readonly clock: Clock,
  ) {}

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /**
   * @param parse Throws for text that is not what it should be.
   * @returns undefined when the file is absent or was damaged.
   */
  async read<Value>(name: string, parse: (text: string) => Value): Promise<Value | undefined> {
    let text: string | undefined;
    try {
      text = await this.files.read(this.path(name));
    } catch (thrown) {
      // It may be readable again after a repair, so it stays; until then it is as good as absent.
      const params = { file: this.path(name), reason: reasonOf(thrown) };
      this.damage.push(settingsReports.report('settings.file.unreadable', params));
      return undefined;
    }
    try {
      return text === undefined ? undefined : parse(text);
    } catch (thrown) {
      await this.#moveAside(name, reasonOf(thrown));
      return undefined;
    }
  }

  write(name: string, text: string): Promise<void> {
    return this.files.write(this.path(name), text, { mode: privateMode });
  }

  remove(name: string): Promise<void> {
    return this.files.remove(this.path(name));
  }

  async #moveAside(name: string, reason: string): Promise<void> {
    const file = this.path(name);
    const aside = `${file}.damaged-${this.clock.now()}`;
    try {
      await this.files.rename(file, aside);
      this.damage.push(settingsReports.report('settings.file.damaged', { file, reason: shorten(reason), aside }));
    } catch (thrown) {
      // A medium that fails leaves the file where it is; it is as good as absent all the same.
      const both = `${shorten(reason)}, and could not be moved aside: ${reasonOf(thrown)}`;
      this.damage.push(settingsReports.report('settings.file.unreadable', { file, reason: both }));
    }
  }
}

/** Waits for all, then throws the first failure: nothing of the batch goes on behind the caller's back. */
export async function allDone(work: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw asApplianceError(failed.reason);
}

/** Parser messages can quote what they were given, which may hold secrets and is long. */
function shorten(reason: string): string {
  if (reason.includes('JSON')) return 'it is not whole';
  // zod words what it found as a list in JSON
  return reason.startsWith('[') ? 'it does not hold what it should' : (reason.split('\n', 1)[0] ?? '').slice(0, 120);
}

export function storageError(what: string, thrown: unknown): ApplianceError {
  const failure = asApplianceError(thrown);
  const report = settingsReports.report('settings.storage.failed', { what, reason: reasonOf(failure) });
  return new ApplianceError(failure.code, report.text, { cause: failure, reports: [report] });
}
