import { definePlugin } from '@gemel/core/sdk';
import { greetAction, reciteAction } from './actions.js';
import { greetingStatus, helloEvents, helloSettings } from './contract.js';
import { greetingFile, helloSection } from './settings.js';

/** Registers everything; whatever is added through `context` ends with the plugin. */
export default definePlugin({
  id: 'hello',
  activate(context) {
    const { actions, events, log, settings, status, system } = context;
    let greeted = 0;
    /** @type {string | null} */
    let shown = null;

    const read = async () => ({ text: (await system.files.read(greetingFile))?.trim() ?? null, greeted });
    const publisher = status.add(greetingStatus, read);

    const look = async () => {
      try {
        const now = await read();
        publisher.set(now);
        if (now.text === shown) return;
        shown = now.text;
        events.publish(helloEvents.changed, { text: shown });
      } catch (err) {
        log.warn({ err }, 'the greeting could not be read');
      }
    };

    settings.add(helloSection(system.files));
    settings.onApplied(helloSettings, () => void look());

    actions.add(
      greetAction((name) => {
        greeted += 1;
        publisher.set({ text: shown, greeted });
        return `Hello, ${name}.`;
      }),
    );
    actions.add(reciteAction(system.clock));
  },
});
