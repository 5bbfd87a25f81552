/** A typed name under which a service is provided and injected: `@inject(NetworkService)`. */
export interface Token<Service> {
  readonly id: string;
  /** Carries the type only; never present at run time. */
  readonly service?: Service;
}

/** Tokens are compared by identity, so each is made once, in the contract of the plugin that provides it. */
export function createToken<Service>(id: string): Token<Service> {
  return Object.freeze({ id, toString: () => id });
}
