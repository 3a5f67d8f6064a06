#!/usr/bin/env bash
# Fetches the C libraries of newer Debian releases for the oracle (library.ts finds them): 2.41 is trixie's, 2.43 sid's.
#
#     fetch-libc.sh [VERSION:SUITE …]      default: 2.41:trixie 2.43:sid
#
# They come from where apt gets its packages, and apt checks their signatures; nothing of the system's apt is changed.
# What is there already stays. Suites move on: what another release has come to in the meantime is not kept.
set -euo pipefail
cache=${ZEROPAGE_GLIBC:-${XDG_CACHE_HOME:-$HOME/.cache}/zeropage/glibc}
[ $# -gt 0 ] || set -- 2.41:trixie 2.43:sid

# Unpacks a suite's libc6 into a folder. Returns whether it could.
fetch() {
  local suite=$1 to=$2 uri
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  [ -n "$uri" ] || { echo "apt knows no packages of Debian: apt-get update has to run first" >&2; return 1; }
  mkdir -p "$to"/{parts,none,state/lists/partial,cache/archives/partial}
  : > "$to/state/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\nSigned-By: %s\n' \
    "$uri" "$suite" /usr/share/keyrings/debian-archive-keyring.gpg > "$to/parts/one.sources"
  cat > "$to/apt.conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$to/parts";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$to/none";
Dir::State "$to/state";
Dir::State::Status "$to/state/status";
Dir::Cache "$to/cache";
Acquire::Languages "none";
Acquire::Retries "1";
APT::Update::Error-Mode "any";
APT::Sandbox::User "root";
END
  APT_CONFIG=$to/apt.conf apt-get -qq update &&
    (cd "$to" && APT_CONFIG=$to/apt.conf apt-get -qq download libc6) &&
    dpkg-deb -x "$to"/libc6_*.deb "$to/unpacked"
}

# Keeps of what was unpacked the library, its linker, and the package's version.
keep() {
  local version=$1 from=$2 to=$3 package
  package=$(dpkg-deb -f "$from"/libc6_*.deb Version)
  case $package in
    "$version"*) ;;
    *) echo "the suite has glibc $package now: $version is compared with what was recorded of it" >&2; return 1 ;;
  esac
  mkdir "$from/kept"
  cp -L "$from"/unpacked/usr/lib/x86_64-linux-gnu/{libc.so.6,ld-linux-x86-64.so.2} "$from/kept"
  echo "$package" > "$from/kept/package"
  rm -rf "$to"
  mkdir -p "${to%/*}"
  mv "$from/kept" "$to"
  echo "glibc $package is in $to"
}

failed=0
for one in "$@"; do
  version=${one%%:*} suite=${one##*:}
  [ ! -e "$cache/$version/package" ] || { echo "glibc $(cat "$cache/$version/package") is in $cache/$version"; continue; }
  folder=$(mktemp -d)
  if ! fetch "$suite" "$folder"; then
    echo "glibc $version of $suite could not be fetched: is there a network?" >&2
    failed=1
  elif ! keep "$version" "$folder" "$cache/$version"; then
    failed=1
  fi
  rm -rf "$folder"
done
exit "$failed"
