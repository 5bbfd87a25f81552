import { defineReports } from '../sdk/index.js';

/** What the settings engine tells an operator. */
export const settingsReports = defineReports({
  'settings.value.invalid': { severity: 'error', text: '{field}: {reason}.' },
  'settings.value.unfit': { severity: 'error', text: '{field} takes {expected}. Type such a value.' },
  'settings.path.unknown': { severity: 'error', text: 'There is no setting {field}. {hint}' },
  'settings.secret.missing': {
    severity: 'error',
    text: '{field} says "keep the stored secret", but none is stored. Put the secret itself there.',
  },
  'settings.secret.in-clear': {
    severity: 'error',
    text: '{field} is or holds a secret, which others see on a command line. Wait to be asked: gemel settings set {field}; or pass it in: gemel settings set {field} --secret-value-stdin.',
  },
  'settings.section.unknown': {
    severity: 'error',
    text: 'There is no section {section}. See: gemel settings show.',
  },
  'settings.section.not-loaded': {
    severity: 'error',
    text: 'Section {section} is not loaded, so its settings are kept as they are. Enable its plugin first (gemel plugin list), or take the section away with its files: gemel settings unset {section}.',
  },
  'settings.section.left-alone': {
    severity: 'info',
    text: 'Section {section} is not loaded: its settings and files are left as they are.',
  },
  'settings.section.removed': {
    severity: 'warning',
    text: 'Section {section} is not loaded: its settings and files are removed, and no engine is told, since its plugin is not there to do it. Engines go on with what they read until they start anew. Files: {files}.',
  },
  'settings.section.values-stay': {
    severity: 'warning',
    text: 'What section {section} had set stays as it is ({properties}), since its plugin is not there to set it back. Set it by hand where it matters.',
  },
  'settings.section.came-back': {
    severity: 'error',
    text: 'Section {section} was taken away while it was not loaded, and its plugin is there again. Say what is meant: gemel settings unset {section} for its defaults, gemel settings revert {section} to keep what it was.',
  },
  'settings.section.too-new': {
    severity: 'warning',
    text: 'Section {section} was written by a newer version ({stored}) than this one knows ({known}). It is kept and not applied. Update the firmware, or reset the section: gemel settings unset {section}.',
  },
  'settings.section.migration-failed': {
    severity: 'warning',
    text: 'Section {section} could not be brought from version {stored} to {known} ({reason}). It is kept and not applied. Reset it: gemel settings unset {section}.',
  },
  'settings.section.unfit': {
    severity: 'warning',
    text: 'The stored settings of section {section} do not fit this version ({reason}). They are kept and not applied. Reset them: gemel settings unset {section}.',
  },
  'settings.section.defaults-failed': {
    severity: 'warning',
    text: 'Section {section} has no settings yet and could not make its defaults ({reason}). It is tried again at the next start.',
  },
  'settings.section.facts-failed': {
    severity: 'error',
    text: 'Section {section} cannot look at the system ({reason}). Check that its service runs, then try again.',
  },
  'settings.section.facts-missing': {
    severity: 'warning',
    text: 'Section {section} cannot look at the system ({reason}) and is left out of this verification.',
  },
  'settings.section.defect': {
    severity: 'error',
    text: 'Section {section} failed in {step}: {reason}. This is a defect of its plugin; nothing was changed.',
  },
  'settings.file.refused': {
    severity: 'error',
    text: 'Section {section} wants to write {file}, which is not a plain absolute path of at most 255 characters. This is a defect of its plugin.',
  },
  'settings.file.not-granted': {
    severity: 'error',
    text: 'Section {section} wants to write {file}, which its plugin may not: add it to grants.files in the "gemel" block of the package.json of {plugin}, or disable that plugin.',
  },
  'settings.file.claimed-twice': {
    severity: 'error',
    text: 'Sections {section} and {other} both want to write {file}. Disable one of their plugins.',
  },
  'settings.draft.collision': {
    severity: 'error',
    text: '{field} was changed by {author} in revision {revision} while it was being edited here. Set it again to overrule, or take theirs: gemel settings revert {field}.',
  },
  'settings.edit.overtaken': {
    severity: 'error',
    text: '{field} was changed by {author} in revision {revision} since you looked. Look at it again, then repeat your change.',
  },
  'settings.apply.failed': { severity: 'error', text: 'Section {section} could not be applied: {reason}' },
  'settings.apply.files-failed': { severity: 'error', text: 'A file could not be written: {reason}' },
  'settings.probe.failed': { severity: 'error', text: 'Section {section} could not be tested: {reason}' },
  'settings.not-confirmed': {
    severity: 'warning',
    text: 'Revision {revision} was not confirmed within {seconds} s, so revision {confirmed} is back in force.',
  },
  'settings.undone': {
    severity: 'info',
    text: 'Revision {revision} was undone by {author}; revision {confirmed} is back in force.',
  },
  'settings.interrupted': {
    severity: 'warning',
    text: 'Revision {revision} was not confirmed when Gemel or the appliance stopped, so revision {confirmed} is back in force.',
  },
  'settings.guard.took-over': {
    severity: 'warning',
    text: 'Core did not answer when revision {revision} had to be undone; the guard brought revision {confirmed} back.',
  },
  'settings.rollback.failed': {
    severity: 'error',
    text: 'Revision {confirmed} could not be brought back: {reason} Mend that. It is tried again every 30 s, and at once with: gemel settings rollback {confirmed}.',
  },
  'settings.rollback.not-recorded': {
    severity: 'warning',
    text: 'The return to revision {confirmed} could not be recorded ({reason}). Free some space on the data volume.',
  },
  'settings.file.damaged': {
    severity: 'warning',
    text: '{file} was damaged ({reason}) and was moved to {aside}.',
  },
  'settings.file.unreadable': { severity: 'error', text: '{file} cannot be read ({reason}). Check the data volume.' },
  'settings.revision.damaged': {
    severity: 'error',
    text: 'The confirmed settings were damaged; revision {used} is in force instead. Check it: gemel settings show.',
  },
  'settings.revision.lost': {
    severity: 'error',
    text: 'No undamaged settings were left; factory defaults are in force. Apply a saved export: gemel settings apply FILE.',
  },
  'settings.factory-reset.unfinished': {
    severity: 'error',
    text: 'The factory reset is not finished: {reason} It goes on at the next start, and settings cannot be changed before. Mend that, or disable the plugin it speaks of, and restart the appliance.',
  },
  'settings.partner.failed': {
    severity: 'error',
    text: 'The other node did not take the settings, so both keep what they had: {reason}',
  },
  'settings.guard.failed': {
    severity: 'error',
    text: 'The timer that would take the settings back could not be set, so they were taken back at once: {reason} See whether systemd answers (systemctl list-timers), then activate again.',
  },
  'settings.storage.failed': { severity: 'error', text: '{what} could not be saved: {reason}' },
});
