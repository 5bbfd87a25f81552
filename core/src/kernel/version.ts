/** Version of core, the same as in its package.json; plugins say which range of it they work with. */
export const coreVersion = '0.1.0';
