# Sets SOURCE_DATE_EPOCH, the time that everything made here bears: the last commit's. Read by other scripts with `.`
# An unpacked source archive has no commits; its files have that time.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y pyproject.toml)}
export SOURCE_DATE_EPOCH
