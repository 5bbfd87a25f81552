/** A site as Pacemaker has it: `site-NAME`, on its own, where the active role is. Pure. */
export function resourceName(site: string): string {
  return `site-${site}`;
}

export type TargetRole = 'Started' | 'Stopped';

/** The data volume's mount, where the pair has one of its own. */
const volume = 'data';

/**
 * Into the configuration in one step, so that it never starts in the wrong place. A site that was never healthy moves nothing else:
 * it becomes `critical` when it has started once, and from then on the active role goes to the other node when it keeps failing. It
 * counts as failed for an hour there, lest the role goes to and fro with a site that works nowhere.
 *
 * It waits for its data alone: cluster IP and active role start beside it, which a client would have to wait for otherwise. It ends
 * before the role does, whose units would end it behind Pacemaker's back.
 * @param resources names of all that the cluster has.
 */
export function siteConfiguration(
  site: string,
  role: TargetRole,
  critical: boolean,
  resources: readonly string[],
): string {
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
    ...(resources.includes(volume)
      ? [
          `<rsc_order id="order-${volume}-${id}-mandatory" first="${volume}" first-action="start" then="${id}" then-action="start" kind="Mandatory"/>`,
        ]
      : []),
    `<rsc_order id="order-${id}-active-mandatory" first="${id}" first-action="stop" then="active" then-action="stop" kind="Mandatory" symmetrical="false"/>`,
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

/** Names of sites among those of resources. */
export function sitesIn(resources: readonly string[]): readonly string[] {
  return resources.flatMap((name) => /^site-([A-Za-z_][A-Za-z0-9_-]{0,15})$/.exec(name)?.[1] ?? []);
}
