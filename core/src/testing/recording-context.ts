import type { EventDefinition, Plugin, PluginContext } from '../sdk/index.js';

/** What a plugin declared through its context while it was activated. */
export class Declared {
  readonly actions: string[] = [];
  readonly status: string[] = [];
  readonly sections: string[] = [];
  readonly provides: string[] = [];
  /** Ids it listens to. */
  readonly subscribes: string[] = [];
  /** Prefixes it listens to. */
  readonly prefixes: string[] = [];
}

/** The same plugin, with what it declares written down. */
export function recorded(plugin: Plugin, declared: Declared): Plugin {
  return {
    ...plugin,
    id: plugin.id,
    activate: (context) => plugin.activate(recordingContext(context, declared)),
    deactivate: () => plugin.deactivate?.(),
  };
}

function recordingContext(context: PluginContext, declared: Declared): PluginContext {
  const { actions, status, settings, events } = context;
  return {
    ...context,
    actions: {
      add: (action) => {
        declared.actions.push(action.id);
        return actions.add(action);
      },
      addLater: (load) =>
        actions.addLater(async () => {
          const loaded = await load();
          declared.actions.push(...loaded.map(({ id }) => id));
          return loaded;
        }),
    },
    status: {
      ...status,
      add: (definition, read, options) => {
        declared.status.push(definition.id);
        return status.add(definition, read, options);
      },
    },
    settings: {
      ...settings,
      add: (section) => {
        declared.sections.push(section.id);
        settings.add(section);
      },
    },
    events: {
      publish: (definition, payload) => events.publish(definition, payload),
      on: <Payload>(definition: EventDefinition<Payload>, listener: Parameters<typeof events.on<Payload>>[1]) => {
        declared.subscribes.push(definition.id);
        return events.on(definition, listener);
      },
      onAny: (prefix, listener) => {
        declared.prefixes.push(prefix);
        return events.onAny(prefix, listener);
      },
    },
    provide: (token, implementation) => {
      declared.provides.push(tokenName(token));
      context.provide(token, implementation);
    },
    provideValue: (token, value) => {
      declared.provides.push(tokenName(token));
      context.provideValue(token, value);
    },
  };
}

function tokenName(token: symbol): string {
  return Symbol.keyFor(token)?.replace(/^gemel:/, '') ?? String(token);
}
