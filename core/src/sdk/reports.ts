/** What an operator is told. A report is data; its text is rendered from the template of its definition. */
export type Severity = 'error' | 'warning' | 'info';

export type ReportParam = string | number | boolean;

export interface Report {
  /** Dotted id of the definition, for example `network.bond.member-has-address`. */
  readonly code: string;
  readonly severity: Severity;
  readonly params: Readonly<Record<string, ReportParam>>;
  /** Slash-separated place in the settings document, `network/bonds/bond0/members/0`; empty when it concerns none. */
  readonly path: string;
  /** The operator's sentence: what, which, what to do. */
  readonly text: string;
  /** Present when an operator may override the report by passing this code. */
  readonly forceCode?: string;
}

export interface ReportDefinition<Template extends string = string> {
  readonly severity: Severity;
  /** A sentence with `{name}` places: "Bond {bond}: {member} has an address. Remove it first." */
  readonly text: Template;
  readonly forceCode?: string;
}

type PlaceNames<Template extends string> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceNames<Rest>
  : never;

export type ReportParams<Template extends string> = { readonly [Name in PlaceNames<Template>]: ReportParam };

export interface ReportSet<Definitions extends Readonly<Record<string, ReportDefinition>>> {
  readonly definitions: Definitions;
  /** Makes a report; throws for a code that the set does not define. */
  report<Code extends keyof Definitions & string>(
    code: Code,
    params: ReportParams<Definitions[Code]['text']>,
    path?: string,
  ): Report;
}

export function renderReportText(template: string, params: Readonly<Record<string, ReportParam>>): string {
  return template.replace(/\{([A-Za-z][A-Za-z0-9]*)\}/g, (place, name: string) => {
    const value = params[name];
    return value === undefined ? place : String(value);
  });
}

/** Defines a plugin's reports. Codes are `<plugin>.<noun>.<what>`. */
export function defineReports<const Definitions extends Readonly<Record<string, ReportDefinition>>>(
  definitions: Definitions,
): ReportSet<Definitions> {
  return {
    definitions,
    report(code, params, path = '') {
      const definition = definitions[code];
      if (definition === undefined) throw new Error(`report ${code} is not defined`);
      // The type of `params` is computed from the template; at run time it is this record.
      const values = params as Readonly<Record<string, ReportParam>>;
      return {
        code,
        severity: definition.severity,
        params: values,
        path,
        text: renderReportText(definition.text, values),
        ...(definition.forceCode === undefined ? {} : { forceCode: definition.forceCode }),
      };
    },
  };
}

/** True when at least one report stops the step: an error that was not overridden by its force code. */
export function hasBlockingReport(reports: readonly Report[], force: ReadonlySet<string> = new Set()): boolean {
  return reports.some(
    (report) => report.severity === 'error' && (report.forceCode === undefined || !force.has(report.forceCode)),
  );
}
