/** Every place core uses, in one table; `root` is `/` on an appliance and a folder of its own on the sandbox host. */
export interface AppliancePaths {
  /** Survives everything but a factory reset. `/var/lib/gemel` */
  readonly state: string;
  /** Gone at power off. `/run/gemel` */
  readonly runtime: string;
  /** Where the built-in plugins' packages are. `/usr/lib/gemel/plugins` or the repository's `plugins` */
  readonly builtInPlugins: string;
  /** Third-party plugin packages, one folder each. `/var/lib/gemel/plugins` */
  readonly extraPlugins: string;
}

/** Files that callers sent; below it a folder for each plugin. */
export function uploadsFolder({ state }: Pick<AppliancePaths, 'state'>): string {
  return `${state}/uploads`;
}

export function appliancePaths(builtInPlugins: string): AppliancePaths {
  return {
    state: '/var/lib/gemel',
    runtime: '/run/gemel',
    builtInPlugins,
    extraPlugins: '/var/lib/gemel/plugins',
  };
}

export function sandboxPaths(folder: string, builtInPlugins: string): AppliancePaths {
  return {
    state: `${folder}/lib`,
    runtime: `${folder}/run`,
    builtInPlugins,
    extraPlugins: `${folder}/lib/plugins`,
  };
}
