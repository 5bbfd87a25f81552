/** Elements of Pacemaker's CIB as text, with the ids that pcs gives them. Pure. */
export type Options = Readonly<Record<string, string>>;

/** For an attribute: a parser would make a space of a line end or a tab that is written as it is. */
export function xmlText(value: string): string {
  return value.replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function nameValues(owner: string, options: Options): string {
  return Object.entries(options)
    .map(
      ([name, value]) => `<nvpair id="${owner}-${xmlText(name)}" name="${xmlText(name)}" value="${xmlText(value)}"/>`,
    )
    .join('\n');
}

export function op(resource: string, name: string, options: Options & { readonly interval: string }): string {
  const role = options['role'] === undefined ? '' : `-${options['role']}`;
  const attributes = Object.entries(options).map(([key, value]) => ` ${key}="${xmlText(value)}"`);
  return `<op id="${resource}-${name}${role}-interval-${options.interval}" name="${name}"${attributes.join('')}/>`;
}

/** @param agent `class:provider:type` or `stonith:type`. */
export function primitive(id: string, agent: string, parameters: Options, operations: readonly string[]): string {
  const parts = agent.split(':');
  const [standard, provider, type] = parts.length === 2 ? [parts[0], undefined, parts[1]] : parts;
  const from = provider === undefined ? '' : ` provider="${provider}"`;
  const attributes =
    Object.keys(parameters).length === 0
      ? ''
      : `<instance_attributes id="${id}-instance_attributes">\n${nameValues(`${id}-instance_attributes`, parameters)}\n</instance_attributes>\n`;
  return `<primitive id="${id}" class="${standard}"${from} type="${type}">
${attributes}<operations>
${operations.join('\n')}
</operations>
</primitive>`;
}

export const constraint = {
  /** `resource` only where `other` is (in that role). */
  with(resource: string, other: string, role?: string): string {
    const inRole = role === undefined ? '' : ` with-rsc-role="${role}"`;
    return `<rsc_colocation id="colocation-${resource}-${other}-INFINITY" rsc="${resource}" with-rsc="${other}"${inRole} score="INFINITY"/>`;
  },
  after(resource: string, action: string, other: string, otherAction: string): string {
    return `<rsc_order id="order-${other}-${resource}-mandatory" first="${other}" first-action="${otherAction}" then="${resource}" then-action="${action}" kind="Mandatory"/>`;
  },
  /** As `after` where both happen at once; alone, `resource` is never stopped and started for the sake of `other`. */
  afterIfBoth(resource: string, other: string): string {
    return `<rsc_order id="order-${other}-${resource}-optional" first="${other}" first-action="start" then="${resource}" then-action="start" kind="Optional"/>`;
  },
  /** Points that every node has, so that a few less elsewhere are a preference and not a refusal. */
  anywhere(resource: string, score: number): string {
    const id = `location-${resource}-anywhere`;
    return `<rsc_location id="${id}" rsc="${resource}">
<rule id="${id}-rule" score="${score}">
<expression id="${id}-rule-expr-1" attribute="#uname" operation="defined"/>
</rule>
</rsc_location>`;
  },
  /**
   * Rather elsewhere while this node does not reach the external network; if none does, it stays. `external` is what pings find out
   * within seconds, `external-carrier` what gemel-carrier.service tells at once. Only what is known to be lost counts: for a moment after both
   * halves of a parted pair have met, Pacemaker knows neither of the node that goes on. A node that lost both networks while the other one was
   * there is `isolated`: it gives up, since the other one takes over.
   */
  needsExternal(resource: string, role: string | undefined, score: number): string {
    const id = `location-${resource}-external`;
    const inRole = role === undefined ? '' : ` role="${role}"`;
    return `<rsc_location id="${id}" rsc="${resource}">
<rule id="${id}-rule" score="${score}" boolean-op="or"${inRole}>
<expression id="${id}-rule-expr-1" attribute="external" operation="lt" value="1" type="number"/>
<expression id="${id}-rule-expr-2" attribute="external-carrier" operation="eq" value="0"/>
</rule>
</rsc_location>
<rsc_location id="location-${resource}-isolated" rsc="${resource}">
<rule id="location-${resource}-isolated-rule" score="-INFINITY"${inRole}>
<expression id="location-${resource}-isolated-rule-expr-1" attribute="isolated" operation="eq" value="1"/>
</rule>
</rsc_location>`;
  },
};
