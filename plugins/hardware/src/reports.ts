import { defineReports } from '@gemel/core/sdk';

export const hardwareReports = defineReports({
  'hardware.profile.invalid': {
    severity: 'warning',
    text: 'Hardware profile {file} is left out: {reason}. Correct or remove the file.',
  },
  'hardware.profile.duplicate': {
    severity: 'warning',
    text: 'Hardware profile {file} is left out: there already is a profile {profile}. Give it another id or remove the file.',
  },
  'hardware.profile.none': {
    severity: 'warning',
    text: 'No hardware profile fits {product}. The device works, but what to expect of it is not known. Add a profile to /var/lib/gemel/profiles.',
  },
  'hardware.profile.not-readable': {
    severity: 'info',
    text: 'This host does not show its hardware, so that no profile is looked for.',
  },
  'hardware.profile.unmet': {
    severity: 'warning',
    text: '{profile} should have {expected} ({what}), found is {found}. Check the hardware.',
  },
  'hardware.raid.missing': {
    severity: 'error',
    text: 'The RAID of this device is gone: none of its disks answers. Check disks, cables and controller. In a pair the other node has taken over.',
  },
  'hardware.raid.failed': {
    severity: 'error',
    text: 'RAID {array} has failed: none of its disks works. Check disks, cables and controller. In a pair the other node takes over; its data are copied back once there is a RAID again.',
  },
  'hardware.raid.disk-lost': {
    severity: 'warning',
    text: 'RAID {array} lost {lost} and works without it: the next failure would lose the data here. Put in a disk of at least {size}, then: gemel hardware raid disk add DISK',
  },
  'hardware.raid.degraded': {
    severity: 'warning',
    text: 'RAID {array} has {working} of {disksWanted} disks: the next failure would lose the data here. Put in a disk of at least {size}, then: gemel hardware raid disk add DISK',
  },
  'hardware.raid.last-disk': {
    severity: 'error',
    text: '{disk} is the last disk of {array} that works: without it all of its data would be lost. Add another one first: gemel hardware raid disk add DISK',
  },
  'hardware.raid.add-first': {
    severity: 'error',
    text: 'A disk is missing in {array}, so that none is taken out. Fill the gap first: gemel hardware raid disk add {disk}',
  },
  'hardware.raid.rebuild-failed': {
    severity: 'error',
    text: 'The rebuild of {array} ended without success: {disk} is {state}. Take it out and try another one: gemel hardware raid disk remove {disk}',
  },
  'hardware.raid.new-disk.already': {
    severity: 'error',
    text: '{disk} ({title}) already is a part of {array}.',
  },
  'hardware.raid.new-disk.of-another': {
    severity: 'error',
    text: '{disk} ({title}) is a part of {other}, which is in use ({use}), and not free for {array}. Choose another disk: gemel hardware disks list',
  },
  'hardware.raid.new-disk.in-use': {
    severity: 'error',
    text: '{disk} ({title}) is in use: {use}. Choose another disk: gemel hardware disks list',
  },
  'hardware.raid.new-disk.removable': {
    severity: 'error',
    text: '{disk} ({title}) is a removable medium, which is no part for {array}. Use a disk that stays in the machine.',
  },
  'hardware.raid.new-disk.too-small': {
    severity: 'error',
    text: '{disk} ({title}) has {size}, {array} needs {needed}. Use a larger disk.',
  },
  'hardware.raid.new-disk.carries-data': {
    severity: 'error',
    text: '{disk} ({title}) is not empty, it carries {found}. If nobody needs that any more, say --overwrite.',
  },
  'hardware.disk.failing': {
    severity: 'warning',
    text: 'Disk {disk} ({title}) says that it will fail soon. Have a new one ready, then: gemel hardware raid disk replace {disk} NEWDISK',
  },
  'hardware.management.absent': {
    severity: 'error',
    text: 'This device has no management controller that answers the operating system. Leave management switched off.',
  },
  'hardware.management.incomplete': {
    severity: 'error',
    text: 'The management controller is to be on and has no {what}. Enter one, or switch it off.',
  },
  'hardware.management.netmask': {
    severity: 'error',
    text: '{netmask} is no netmask. Write one such as 255.255.255.0.',
  },
  'hardware.management.gateway-outside': {
    severity: 'error',
    text: 'Gateway {gateway} is not in the network of {address} with netmask {netmask}. Correct one of them, or leave the gateway empty.',
  },
  'hardware.management.silent': {
    severity: 'warning',
    text: 'The management controller does not answer ({reason}). The device works without it; restart the controller by its own means, or cut the power of the device for a minute.',
  },
  'hardware.management.differs': {
    severity: 'warning',
    text: 'The management controller has {what} {found} instead of {wanted}: somebody changed it there. To set it again: gemel hardware management apply',
  },
  'hardware.management.refused': {
    severity: 'error',
    text: 'The management controller did not take {what}: it has {found} instead of {wanted}. See its manual for what it allows.',
  },
  'hardware.management.password-refused': {
    severity: 'error',
    text: 'The management controller did not take the password of user {user}: {reason}. Choose another one; its manual says what it allows.',
  },
  'hardware.management.users-full': {
    severity: 'error',
    text: 'The management controller has {count} users and no room for {user}. Remove one there, or use the name of one of them.',
  },
  'hardware.pair.different-models': {
    severity: 'error',
    text: '{firstProfile} and {secondProfile} cannot be a pair: the weaker one could not take over. {first} is {firstFigures}; {second} is {secondFigures}. Use two of one model.',
  },
  'hardware.pair.different-figures': {
    severity: 'error',
    text: '{firstProfile} and {secondProfile} are a pair only with the same processors, memory and disk, and {differing} differ(s). {first} is {firstFigures}; {second} is {secondFigures}. Give the virtual one the figures of the other.',
  },
  'hardware.pair.unknown-models': {
    severity: 'error',
    text: 'No hardware profile fits {unknown}, and the two are not of the same product. {first} is {firstFigures}; {second} is {secondFigures}. Use two of one model, or add a profile.',
  },
  'hardware.pair.untested': {
    severity: 'warning',
    text: 'Both nodes are {product}, for which there is no hardware profile: nobody tested this pair. {first} is {firstFigures}; {second} is {secondFigures}.',
  },
  'hardware.pair.uneven': {
    severity: 'warning',
    text: 'Both nodes are {profile}, but {differing} differ(s): what fits on one may not fit on the other. {first} is {firstFigures}; {second} is {secondFigures}.',
  },
  'hardware.pair.cpu-model': {
    severity: 'warning',
    text: 'The processors have different names: {first} is {firstFigures}; {second} is {secondFigures}. Make sure that they are equally fast.',
  },
  'hardware.pair.both-virtual': {
    severity: 'warning',
    text: 'Both nodes are virtual: the high availability of the hypervisor usually is the better tool, and two nodes on one host fail together. {first} is {firstFigures}; {second} is {secondFigures}.',
  },
});
