import { pictureCommand } from '#cluster/pacemaker/pacemaker.js';

/** What looks at the cluster, as a scripted system is asked for it. */
export const look = [...pictureCommand];

interface Shown {
  /** Those that are online, or what is said of them besides. */
  readonly nodes?: Readonly<Record<string, { readonly online?: boolean; readonly standby?: boolean }>>;
  /** Undefined where nothing runs. */
  readonly active?: string | undefined;
  readonly quorum?: boolean;
  /** Kept from being active by DRBD. */
  readonly oldDataOn?: string;
}

/** What `crm_mon --output-as=xml` prints, as far as it is read. */
export function crmMon({ nodes = {}, active, quorum = true, oldDataOn }: Shown): string {
  const lines = Object.entries(nodes).map(
    ([name, { online = true, standby = false }]) =>
      `<node name="${name}" online="${online}" standby="${standby}" pending="false"/>`,
  );
  const resource = (id: string) =>
    `<resource id="${id}" resource_agent="ocf:gemel:${id}" role="Started" active="true" failed="false"><node name="${active}"/></resource>`;
  const resources = active === undefined ? '' : `${resource('cluster-ip')}${resource('active')}`;
  const ban = `<ban id="drbd-fence-by-handler-gemel-drbd-data-clone" resource="drbd-data-clone" node="${oldDataOn}" weight="-1000000" promoted-only="true"/>`;
  return `<pacemaker-result><summary><current_dc present="true" name="node1" with_quorum="${quorum}"/></summary>
<nodes>${lines.join('')}</nodes><resources>${resources}</resources><bans>${oldDataOn === undefined ? '' : ban}</bans></pacemaker-result>`;
}
