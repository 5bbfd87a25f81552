import { bondModes, bondModeSummaries, bondOptions, fitsMode } from '../../plugins/network/dist/bonds/bond-modes.js';
import { bondFields } from '../../plugins/network/dist/bonds/bond-schema.js';
import { code, plain, table } from './markdown.ts';

/** The seven modes, and which option does something in which of them, from the data that verify uses. */
export function bondTables(): string {
  const modes = table(
    ['Number', 'Mode', 'What it does'],
    bondModes.map((mode, number) => [String(number), code(mode), `${plain(bondModeSummaries[mode])}.`]),
  );
  const fields = bondFields();
  const options = table(
    ['Setting', ...bondModes.map(code), 'Meaning'],
    bondOptions.map((option) => {
      const marks = bondModes.map((mode) => (fitsMode(option, mode) ? '●' : ''));
      return [code(option)].concat(marks, `${plain(fields[option].description ?? '')}.`);
    }),
  );
  return `${modes}\n\n${options}`;
}
