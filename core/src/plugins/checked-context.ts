import { z } from 'zod';
import { issueText } from '../kernel/issue-text.js';
import { type ActionCall, type AnyAction, ApplianceError, type JobCall, type PluginContext } from '../sdk/index.js';

/** A value that fits its schema and can be sent. @throws ApplianceError `internal` that names the plugin, the thing and the field. */
type Fit = <Value>(what: string, schema: z.ZodType<Value>, value: unknown) => Value;

const fractionSchema = z.number().nullish();
const lineSchema = z.string();
const healthReport = z.object({ healthy: z.boolean(), reason: z.string() });
const healthParts = z.array(healthReport.extend({ part: z.string() }));

/**
 * The context of a plugin whose types no compiler of ours has checked: what it hands over for others is parsed by its own schemas. One
 * value that cannot be sent, such as the BigInt that a 64-bit number of D-Bus is, would spoil every answer that it is part of.
 */
export function checkedContext(context: PluginContext): PluginContext {
  const { events, status, actions } = context;
  const fit = fitOf(context.id);
  const checked = (action: AnyAction) => checkedAction(action, fit);
  return {
    ...context,
    events: {
      publish: (definition, payload) =>
        events.publish(definition, fit(`payload of ${definition.id}`, definition.schema, payload)),
      on: (definition, listener) => events.on(definition, listener),
      onAny: (prefix, listener) => events.onAny(prefix, listener),
    },
    status: {
      add: (definition, read, options) => {
        const check = (value: unknown) => fit(`status ${definition.id}`, definition.schema, value);
        const checkedRead = read === undefined ? undefined : async (signal: AbortSignal) => check(await read(signal));
        const publisher = status.add(definition, checkedRead, options);
        return { set: (value) => publisher.set(check(value)), [Symbol.dispose]: () => publisher[Symbol.dispose]() };
      },
      get: (definition) => status.get(definition),
    },
    actions: {
      add: (action) => actions.add(checked(action)),
      addLater: (load) => actions.addLater(async () => (await load()).map(checked)),
    },
    addHealthCheck: (name, check) =>
      context.addHealthCheck(name, async (signal) => {
        const found = await check(signal);
        const what = `health check ${name}`;
        return Array.isArray(found) ? fit(what, healthParts, found) : fit(what, healthReport, found);
      }),
  };
}

/** The pieces of a stream need no check: only the one who asked for them gets them. */
function checkedAction(action: AnyAction, fit: Fit): AnyAction {
  const output = (value: unknown) => fit(`output of ${action.id}`, action.output, value);
  switch (action.kind) {
    case 'call':
      return { ...action, run: async (input: unknown, call: ActionCall) => output(await action.run(input, call)) };
    case 'job': {
      const checked = (call: JobCall) => checkedCall(action.id, call, fit);
      const run = async (input: unknown, call: JobCall) => output(await action.run(input, checked(call)));
      const { resume } = action;
      if (resume === undefined) return { ...action, run };
      const resumed = async (input: unknown, call: JobCall, saved: unknown) =>
        output(await resume.call(action, input, checked(call), saved));
      return { ...action, run, resume: resumed };
    }
    case 'stream':
      return action;
  }
}

function checkedCall(action: string, call: JobCall, fit: Fit): JobCall {
  return {
    ...call,
    progress: (fraction, message) =>
      call.progress(
        fit(`progress of ${action}`, fractionSchema, fraction) ?? undefined,
        fit(`progress of ${action}`, lineSchema, message),
      ),
    log: (line) => call.log(fit(`log of ${action}`, lineSchema, line)),
  };
}

function fitOf(plugin: string): Fit {
  return (what, schema, value) => {
    const parsed = schema.safeParse(value, { error: issueText });
    const problem = parsed.success ? unsendable(parsed.data) : issuesText(parsed.error);
    if (parsed.success && problem === undefined) return parsed.data;
    throw new ApplianceError('internal', `Plugin ${plugin}: the ${what} is not what its schema says: ${problem}.`);
  };
}

function issuesText({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.map(String).join('/')} ${message}`.trim()).join('; ');
}

/** A schema may allow what JSON has no form for. */
function unsendable(value: unknown): string | undefined {
  try {
    JSON.stringify(value);
    return undefined;
  } catch (thrown) {
    return `it cannot be sent (${thrown instanceof Error ? thrown.message : String(thrown)})`;
  }
}
