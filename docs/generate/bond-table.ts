import { bondModes, bondModeSummaries, bondOptionModes } from '../../plugins/network/dist/bonds/bond-modes.js';
import { bondFields } from '../../plugins/network/dist/bonds/bond-schema.js';
import { kebab } from '../../core/dist/cli/fields.js';
import { code, plain, table } from './markdown.ts';

/** The seven modes, and which option does something in which of them, from the data that verify uses. */
export function bondTables(): string {
  const modes = table(
    ['Number', 'Mode', 'What it does'],
    bondModes.map((mode, number) => [String(number), code(mode), `${plain(bondModeSummaries[mode])}.`]),
  );
  const options = table(
    ['Option', ...bondModes.map(code), 'Meaning'],
    Object.entries(bondOptionModes).map(([option, fitting]) => {
      const modesOfOption: readonly string[] = fitting;
      // every key of bondOptionModes is a property of the bond schema: verify-bonds relies on it too
      const field = bondFields[option as keyof typeof bondFields];
      const marks = bondModes.map((mode) => (modesOfOption.includes(mode) ? '●' : ''));
      return [code(`--${kebab(option)}`), ...marks, `${plain(field.description ?? '')}.`.replace(/\.\.$/, '.')];
    }),
  );
  return `${modes}\n\n${options}`;
}
