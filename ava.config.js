export default {
  files: ['test/dist/{unit,contract}/**/*.test.js'],
  timeout: '30s',
  workerThreads: true,
};
