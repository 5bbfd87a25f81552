const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Of one message between nodes. The same on both, so that what one sends the other takes. */
export const messageBytes = { request: mebibyte, answer: 4 * mebibyte } as const;

/** Of one message between core and `gemel-peer`: the largest of the above with what is said around it. */
export const localBytes = messageBytes.answer + 64 * kibibyte;

/** Of the TLS port. */
export const peerPort = 7447;
