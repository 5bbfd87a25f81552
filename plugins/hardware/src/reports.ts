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
