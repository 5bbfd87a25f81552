# Sourced: installs the locked npm packages when they are absent or older than the lock file.
if [ ! -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --silent
fi
