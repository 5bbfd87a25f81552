declare const serviceType: unique symbol;

/** A typed name under which a service is provided and injected: `@inject(NetworkService)`. */
export type Token<Service> = symbol & { readonly [serviceType]?: Service };

/**
 * Made once, in the contract of the plugin that provides the service. The same id gives the same token, so that a
 * contract that is loaded anew after a reload still names the same service.
 */
export function createToken<Service>(id: string): Token<Service> {
  return Symbol.for(`gemel:${id}`) as Token<Service>; // the service type exists for the compiler only
}
