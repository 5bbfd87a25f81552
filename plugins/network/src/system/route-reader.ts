import { ApplianceError, type CommandRunner } from '@gemel/core/sdk';
import { z } from 'zod';

const routeJson = z.object({
  dst: z.string(),
  gateway: z.string().optional(),
  via: z.object({ host: z.string() }).optional(),
  dev: z.string().optional(),
  protocol: z.string().optional(),
  metric: z.number().optional(),
});

export interface RouteFact {
  readonly family: 4 | 6;
  /** `default` or a network. */
  readonly destination: string;
  readonly gateway: string | null;
  readonly interface: string | null;
  readonly metric: number | null;
  /** Who made it: `static`, `kernel`, `dhcp`, `ra`, … */
  readonly protocol: string;
}

/** The kernel's main routing table. @throws ApplianceError `unavailable`, `engine-failed`. */
export async function readRoutes(commands: CommandRunner, signal?: AbortSignal): Promise<readonly RouteFact[]> {
  const options = signal === undefined ? {} : { signal };
  const read = async (family: 4 | 6): Promise<readonly RouteFact[]> => {
    const { stdout, exitCode, stderr } = await commands.run(['ip', '-json', `-${family}`, 'route', 'show'], options);
    if (exitCode !== 0) throw new ApplianceError('engine-failed', `ip failed: ${stderr.trim()}`);
    const routes = z.array(routeJson).parse(JSON.parse(stdout.trim() === '' ? '[]' : stdout));
    // Every link has these; they tell nobody anything.
    const telling = routes.filter((route) => !(route.dst === 'fe80::/64' && route.protocol === 'kernel'));
    return telling.map((route) => ({
      family,
      destination: route.dst,
      gateway: route.gateway ?? route.via?.host ?? null,
      interface: route.dev ?? null,
      metric: route.metric ?? null,
      protocol: route.protocol ?? 'boot',
    }));
  };
  return (await Promise.all([read(4), read(6)])).flat();
}
