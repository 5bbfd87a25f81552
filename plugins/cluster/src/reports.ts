import { defineReports } from '@gemel/core/sdk';

export const clusterReports = defineReports({});
