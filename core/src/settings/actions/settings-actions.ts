import type { AnyAction } from '../../sdk/index.js';
import type { SettingsEngine } from '../settings-engine.js';
import { activateActions } from './activate-actions.js';
import { editActions } from './edit-actions.js';
import { historyActions } from './history-actions.js';
import { lookActions } from './look-actions.js';

/** `gemel settings …`: viewers look, operators change. */
export function settingsActions(engine: SettingsEngine): readonly AnyAction[] {
  return [...lookActions(engine), ...editActions(engine), ...activateActions(engine), ...historyActions(engine)];
}
