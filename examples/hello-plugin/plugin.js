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

    const readStatus = async () => ({ text: (await system.files.read(greetingFile))?.trim() ?? null, greeted });
    const publisher = status.add(greetingStatus, readStatus);

    settings.add(helloSection(system.files));
    settings.onApplied(helloSettings, async () => {
      try {
        const { text } = await readStatus();
        publisher.set({ text, greeted });
        if (text === shown) return;
        shown = text;
        events.publish(helloEvents.changed, { text });
      } catch (err) {
        log.warn({ err }, 'the greeting could not be read');
      }
    });

    actions.add(
      greetAction((name) => {
        greeted += 1;
        return `Hello, ${name}.`;
      }),
    );
    actions.add(reciteAction(system.clock));
  },
});
