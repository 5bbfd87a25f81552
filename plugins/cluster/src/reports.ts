import { defineReports } from '@gemel/core/sdk';

export const clusterReports = defineReports({
  'cluster.not-ready': {
    severity: 'error',
    text: 'Not ready ({item}): {text} {fix}',
  },
  'cluster.ip.invalid': {
    severity: 'error',
    text: 'Cluster IP {address} is no address with prefix. Enter for example 10.77.0.100/24.',
  },
  'cluster.ip.outside-network': {
    severity: 'error',
    text: 'Cluster IP {address} is not in the network of the external interface {interface} ({networks}). Enter a free address of that network.',
  },
  'cluster.ip.taken': {
    severity: 'error',
    text: 'Cluster IP {address} is in use by {holder}. Enter a free address.',
  },
  'cluster.ip.not-a-host': {
    severity: 'error',
    text: 'Cluster IP {address} is the first or last address of its network, which no host can have. Enter another.',
  },
  'cluster.interface.unknown': {
    severity: 'error',
    text: '{field}: there is no interface {name} with an address. Enter one of {known}.',
  },
  'cluster.interface.not-fixed': {
    severity: 'error',
    text: '{field}: the address of {name} comes from a DHCP server and may change. Enter an address in the network settings.',
  },
  'cluster.interfaces.same': {
    severity: 'error',
    text: 'External and synchronisation interface are both {name}: one cut cable would take both. Enter two.',
  },
  'cluster.networks.same': {
    severity: 'error',
    text: '{external} and {sync} are in one network. Give the synchronisation interface a network of its own.',
  },
  'cluster.peer-address.invalid': {
    severity: 'error',
    text: '{field}: {address} is no address. Enter the address of the other node in the network of {interface}, without prefix.',
  },
  'cluster.peer-address.outside': {
    severity: 'error',
    text: '{field}: {address} is not in the network of {interface} ({networks}). Enter the address of the other node there.',
  },
  'cluster.peer-address.own': {
    severity: 'error',
    text: '{field}: {address} is the address of this node. Enter that of the other node.',
  },
  'cluster.reference.invalid': {
    severity: 'error',
    text: 'External reference {address} is no address. Enter for example the gateway of the external network.',
  },
  'cluster.reference.none': {
    severity: 'warning',
    text: 'No external reference is known: a loss of the external network is not noticed and nothing is moved for it. Enter a gateway, or name one with external-references.',
  },
  'cluster.fencing.none': {
    severity: 'warning',
    text: 'Without fencing or witness the pair survives the death of one node, but when both networks between the nodes fail at once, both may hold the cluster IP until one network is back. See: gemel cluster fencing set.',
  },
  'cluster.settings.connected': {
    severity: 'error',
    text: 'Addresses and the host name are what the nodes of the cluster know each other by. Disconnect them first (gemel cluster disconnect), and reconnect them afterwards.',
  },
  'cluster.host-name.held': {
    severity: 'error',
    text: 'The engines of this node, which keeps the services, and its data volume know it as {name}; with another name it would not come up again. Let the other node be the active one first: gemel cluster connect or reconnect, gemel cluster move, gemel cluster disconnect. Or leave the cluster: gemel cluster disband.',
  },
  'cluster.factory-reset.member': {
    severity: 'error',
    text: 'This device is a node of a cluster, which would be left half. Leave it first: gemel cluster disband.',
  },
  'cluster.token.too-short': {
    severity: 'warning',
    text: 'A token of {tokenMs} ms is short: a node that is busy for that long is taken for dead. {safeMs} ms or more has been measured as safe.',
  },
});
