/** A site as Pacemaker has it: `site-NAME`, on its own, where the active role is. Pure. */
export function resourceName(site: string): string {
  return `site-${site}`;
}

export type TargetRole = 'Started' | 'Stopped';

/**
 * Into the configuration in one step, so that it never starts in the wrong place. A site that was never healthy moves nothing else:
 * it becomes `critical` when it has started once, and from then on the active role goes to the other node when it keeps failing. It
 * counts as failed for an hour there, lest the role goes to and fro with a site that works nowhere.
 */
export function siteConfiguration(site: string, role: TargetRole, critical: boolean): string {
  const id = resourceName(site);
  const operation = (name: string, interval: string, timeout: string) =>
    `<op id="${id}-${name}-interval-${interval}" name="${name}" interval="${interval}" timeout="${timeout}"/>`;
  return [
    '<configuration><resources>',
    `<primitive id="${id}" class="ocf" provider="gemel" type="site">`,
    `<instance_attributes id="${id}-instance_attributes">`,
    `<nvpair id="${id}-instance_attributes-site" name="site" value="${site}"/>`,
    '</instance_attributes>',
    metaAttributes(id, { 'target-role': role, critical: String(critical), 'failure-timeout': '1h' }),
    '<operations>',
    operation('start', '0s', '110s'),
    operation('stop', '0s', '60s'),
    operation('monitor', '5s', '20s'),
    '</operations></primitive></resources><constraints>',
    `<rsc_colocation id="colocation-${id}-active-INFINITY" rsc="${id}" with-rsc="active" score="INFINITY"/>`,
    `<rsc_order id="order-active-${id}-mandatory" first="active" first-action="start" then="${id}" then-action="start" kind="Mandatory"/>`,
    '</constraints></configuration>',
  ].join('');
}

/** What a resource that is there is to do. Nothing else of it is touched: others may have changed it. */
export function roleConfiguration(site: string, role: TargetRole, critical: boolean): string {
  const id = resourceName(site);
  const meta = metaAttributes(id, { 'target-role': role, critical: String(critical) });
  return `<configuration><resources><primitive id="${id}">${meta}</primitive></resources></configuration>`;
}

function metaAttributes(id: string, values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(
    ([name, value]) => `<nvpair id="${id}-meta_attributes-${name}" name="${name}" value="${value}"/>`,
  );
  return `<meta_attributes id="${id}-meta_attributes">${pairs.join('')}</meta_attributes>`;
}

/** The resource and every constraint that names it. */
export function everythingOf(site: string): string {
  const id = resourceName(site);
  const named = ['rsc', 'with-rsc', 'first', 'then'].map((attribute) => `@${attribute}="${id}"`).join(' or ');
  return [
    `/cib/configuration/constraints/*[${named}]`,
    `/cib/configuration/constraints//resource_ref[@id="${id}"]`,
    `/cib/configuration/resources//primitive[@id="${id}"]`,
  ].join(' | ');
}

/** Names of sites that have a resource, from `crm_resource --list-raw`. */
export function sitesIn(list: string): readonly string[] {
  return list.split('\n').flatMap((line) => /^site-([A-Za-z_][A-Za-z0-9_-]{0,15})$/.exec(line.trim())?.[1] ?? []);
}
