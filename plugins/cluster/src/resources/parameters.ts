import type { Report } from '@gemel/core/sdk';
import type { Agent, AgentParameter } from '../pacemaker/agents.js';
import { resourceReports } from './resource-reports.js';

const { report } = resourceReports;

export interface ReadParameters {
  readonly values: ReadonlyMap<string, string>;
  readonly reports: readonly Report[];
}

/** Reads `name=value` words. */
export function readParameters(words: readonly string[]): ReadParameters {
  const values = new Map<string, string>();
  const reports: Report[] = [];
  for (const text of words) {
    const at = text.indexOf('=');
    const parameter = text.slice(0, at);
    if (at < 1) reports.push(report('cluster.parameter.form', { text }));
    else if (values.has(parameter)) reports.push(report('cluster.parameter.twice', { parameter }));
    else values.set(parameter, text.slice(at + 1));
  }
  return { values, reports };
}

/** Holds parameters against what the agent says of itself. Pure; all reports. An empty value takes a parameter away. */
export function checkParameters(agent: Agent, values: ReadonlyMap<string, string>): readonly Report[] {
  const known = new Map(agent.parameters.map((parameter) => [parameter.name, parameter]));
  const given = [...values].flatMap(([name, value]) => {
    const parameter = known.get(name);
    if (parameter === undefined) {
      const names = [...known.keys()].join(', ') || 'none';
      return [report('cluster.parameter.unknown', { agent: agent.name, parameter: name, known: names }, name)];
    }
    return value === '' ? [] : checkValue(agent.name, parameter, value);
  });
  const missing = agent.parameters
    .filter(({ name, required }) => required && (values.get(name) ?? '') === '')
    .map(({ name, summary }) =>
      report('cluster.parameter.missing', { agent: agent.name, parameter: name, summary: summary || name }, name),
    );
  return [...given, ...missing];
}

const integer = /^-?(\d+|INFINITY)$/;
const time = /^\d+\s*(us|usec|ms|msec|s|sec|m|min|h|hr)?$/;

function checkValue(
  agent: string,
  { name, type, values, default: usual }: AgentParameter,
  value: string,
): readonly Report[] {
  const where = { agent, parameter: name, value };
  if (values.length > 0 && !values.includes(value)) {
    return [report('cluster.parameter.choice', { ...where, values: values.join(', ') }, name)];
  }
  switch (type) {
    case 'integer': {
      // Some agents call a time an integer: their own default gives them away.
      const isTime = usual !== null && usual !== '' && !integer.test(usual) && time.test(value);
      return integer.test(value) || isTime ? [] : [report('cluster.parameter.integer', where, name)];
    }
    case 'boolean':
      return /^(true|false|yes|no|on|off|y|n|1|0)$/i.test(value)
        ? []
        : [report('cluster.parameter.boolean', where, name)];
    case 'time':
      return time.test(value) ? [] : [report('cluster.parameter.time', where, name)];
    default:
      return [];
  }
}
