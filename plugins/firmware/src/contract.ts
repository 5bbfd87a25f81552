export { firmwareEvents } from './events.js';
export { type FirmwareState, firmwareState } from './slots/firmware-status.js';
