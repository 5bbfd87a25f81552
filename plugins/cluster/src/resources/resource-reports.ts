import { defineReports } from '@gemel/core/sdk';

export const resourceReports = defineReports({
  'cluster.resource.exists': {
    severity: 'error',
    text: 'There is already a resource {name}. Take another name, or change it: gemel cluster resource update {name}',
  },
  'cluster.resource.reserved': {
    severity: 'error',
    text: '{name} belongs to Gemel. {remedy}',
  },
  'cluster.resource.follows-active': {
    severity: 'error',
    text: '{name} runs where the active role is. Move that: gemel cluster move',
  },
  'cluster.parameter.form': {
    severity: 'error',
    text: 'Parameter "{text}" has no value. Write name=value.',
  },
  'cluster.parameter.twice': {
    severity: 'error',
    text: 'Parameter {parameter} is given twice. Leave one out.',
  },
  'cluster.parameter.unknown': {
    severity: 'error',
    text: '{agent} has no parameter {parameter}. It has: {known}.',
  },
  'cluster.parameter.missing': {
    severity: 'error',
    text: '{agent} needs the parameter {parameter} ({summary}). Add {parameter}=VALUE.',
  },
  'cluster.parameter.integer': {
    severity: 'error',
    text: 'Parameter {parameter} of {agent} is "{value}" and must be a whole number.',
  },
  'cluster.parameter.boolean': {
    severity: 'error',
    text: 'Parameter {parameter} of {agent} is "{value}" and must be yes or no, true or false, on or off, 1 or 0.',
  },
  'cluster.parameter.time': {
    severity: 'error',
    text: 'Parameter {parameter} of {agent} is "{value}" and must be a time: a number and us, ms, s, min or h.',
  },
  'cluster.parameter.choice': {
    severity: 'error',
    text: 'Parameter {parameter} of {agent} is "{value}" and must be one of {values}.',
  },
  'cluster.agent.no-monitor': {
    severity: 'error',
    text: '{agent} cannot be monitored. Leave the monitor interval out.',
  },
});
