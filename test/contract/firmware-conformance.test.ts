import { join } from 'node:path';
import { describePluginConformance } from '@gemel/core/testing';
import test from 'ava';

const plugins = join(import.meta.dirname, '../../../plugins');

describePluginConformance(test, join(plugins, 'firmware'), { samples: {} });
