# Sourced: installs the npm packages of the lock file when they are absent or older than it.
# Not `npm ci`: it refuses a lock file in which optional packages of other platforms are missing.
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm install --no-save --silent
  touch node_modules/.package-lock.json
fi
