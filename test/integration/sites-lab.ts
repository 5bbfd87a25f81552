/** What the tests and benches of sites share: an appliance in a container with versions of site types on it. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cachedSiteVersion } from '../../site-types/site-version.ts';
import { Lab } from '../lab/lab.ts';
import type { LabNode } from '../lab/lab-node.ts';

const incoming = '/var/lib/gemel/incoming';

export class SitesLab implements AsyncDisposable {
  readonly lab: Lab;
  readonly node: LabNode;

  /** @param lab With one container, which is taken down with this. */
  constructor(lab: Lab) {
    this.lab = lab;
    this.node = lab.node('a');
  }

  static async up(name: string): Promise<SitesLab> {
    return new SitesLab(await Lab.up({ name, kind: 'container', nodes: 1 }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
  }

  /** A shell line that must succeed; gives its standard output. */
  async sh(line: string, input?: string | Uint8Array): Promise<string> {
    return this.node.must(['bash', '-c', line], { timeoutSeconds: 600, ...(input === undefined ? {} : { input }) });
  }

  /** What a gemel command prints with --json. */
  async json(words: string): Promise<unknown> {
    return JSON.parse(await this.sh(`gemel ${words} --json`));
  }

  /** Code and text of a gemel command that is refused. */
  async refused(words: string): Promise<string> {
    const { code, stdout, stderr } = await this.node.exec(['bash', '-c', `gemel ${words}`], { timeoutSeconds: 300 });
    if (code === 0) throw new Error(`gemel ${words} was not refused: ${stdout}`);
    return `${stdout}${stderr}`;
  }

  /** Puts both files of a version on the appliance, by default where core sees them. @returns path of the description there. */
  async bring(type: string, version: string, folder = incoming): Promise<string> {
    const description = await cachedSiteVersion(type, version, (line) => console.error(line));
    // as the recipe's builder wrote it
    const { image } = JSON.parse(await readFile(description, 'utf8')) as { image: { file: string } };
    await this.sh(`mkdir -p ${folder}`);
    for (const file of [description, join(dirname(description), image.file)]) {
      await this.sh(`cat > ${folder}/${basename(file)}`, await readFile(file));
    }
    return `${folder}/${basename(description)}`;
  }

  async install(type: string, version: string): Promise<void> {
    await this.sh(`gemel site version upload ${await this.bring(type, version)}`);
  }

  /** Status line of a site's answer, asked inside the appliance. */
  async answer(port: number, path: string): Promise<string> {
    const ask = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && timeout 5 head -1 <&3`;
    return (await this.sh(ask)).trim();
  }
}
