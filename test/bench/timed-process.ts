import { spawn } from 'node:child_process';

/** Wall time of a whole process, milliseconds. @throws when it exits with another code than 0. */
export async function timeProcess(
  argv: readonly [string, ...string[]],
  environment: NodeJS.ProcessEnv = {},
): Promise<number> {
  const [program, ...rest] = argv;
  const began = performance.now();
  const child = spawn(program, rest, { stdio: 'ignore', env: { ...process.env, ...environment } });
  const exitCode = await new Promise<number | null>((resolve) => child.on('exit', resolve));
  if (exitCode !== 0) throw new Error(`${argv.join(' ')} exited with ${exitCode}`);
  return performance.now() - began;
}
