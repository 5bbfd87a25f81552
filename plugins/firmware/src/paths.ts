/** Every place this plugin uses. */
export const paths = {
  /** Version of the firmware that runs, and the oldest one it may be replaced by; written when the image is built. */
  record: '/usr/lib/gemel/firmware.json',
  systemConf: '/etc/rauc/system.conf',
  kernelCommandLine: '/proc/cmdline',
  blockDevices: '/sys/class/block',
  /** What was installed and not judged yet. */
  trial: '/var/lib/gemel/firmware/trial.json',
  history: '/var/lib/gemel/firmware/history.json',
  /** Where the settings are tried with the code of another version; gone afterwards. */
  settingsTrial: '/var/lib/gemel/firmware/settings-trial',
  settings: '/var/lib/gemel/settings',
  /** Link to the confirmed revision. */
  confirmedSettings: '/var/lib/gemel/settings/confirmed',
  /** What the other node sent to be installed here. */
  fromPeer: '/var/lib/gemel/firmware/from-peer.raucb',
  /** That it is being installed here, for the other node. */
  forPeer: '/var/lib/gemel/firmware/for-peer.json',
  /** Node by a name, as grants have it. */
  node: 'gemel-node',
} as const;
