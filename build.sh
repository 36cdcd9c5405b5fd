#!/usr/bin/env bash
# The door on a bare Linux machine: installs what is missing, finds a PowerShell or fetches the one that .config/dotnet-tools.json names,
# and hands over to build.ps1, which says what each task does:
#   ./build.sh build|test|matrix|windows|demo|bench|package|mutate [arguments]     several with commas: ./build.sh test,matrix
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

main() {
    local tasks=${1:-} task needed=(libicu)
    command -v dotnet >/dev/null || die "The .NET SDK is not on the PATH. Install .NET SDK 10: https://dotnet.microsoft.com/download"
    for task in ${tasks//,/ }; do
        case $task in
            build|package|clean|help|mutate) ;;
            test|matrix)
                needed+=(postgresql age zstd pigz openssh-client strace faketime systemd pgbouncer rclone npm)
                [[ $task == matrix ]] || needed+=(chromium)
                ;;
            windows) needed+=(npm) ;;
            demo) needed+=(postgresql age zstd openssh-client) ;;
            bench) needed+=(postgresql age zstd pigz) ;;
            *) tasks= ;;
        esac
    done
    [[ -n $tasks ]] || die "Usage: ./build.sh build|test|matrix|windows|demo|bench|package|mutate [arguments]; several tasks with commas" 2
    # PowerShell takes the first mount that it finds for the root. In a chroot whose root is none that would be /proc: so it gets one, for itself alone.
    if [[ $EUID -eq 0 && -r /proc/self/mounts ]] && ! grep -q '^[^ ]* / ' /proc/self/mounts; then
        # A build's processes that wait for the next one would stand in a place that is gone by then.
        export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
        exec unshare --mount --propagation unchanged bash -c 'mount --rbind / /mnt && chroot /mnt "$0" "$@"; code=$?
            umount --recursive --lazy /mnt; exit $code' "$PWD/build.sh" "$@"
    fi
    find_or_install "${needed[@]}"
    if pwsh -NoProfile -Command 'exit [int]($PSVersionTable.PSVersion -lt [version] "7.4")' 2>/dev/null; then
        exec pwsh -NoProfile -File build.ps1 "$@"
    fi
    echo "No PowerShell 7.4 or later on the PATH: taking the one of .config/dotnet-tools.json (fetched once)."
    dotnet tool restore >/dev/null || die "dotnet tool restore could not fetch PowerShell; see above."
    exec dotnet tool run pwsh -- -NoProfile -File build.ps1 "$@"
}

die() {
    echo "build.sh: $1" >&2
    exit "${2:-1}"
}

# Each name is a package of Debian and Ubuntu, and mostly also the program that it brings.
has() {
    case $1 in
        postgresql) command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null ;;
        openssh-client) command -v ssh-keygen >/dev/null ;;
        pgbouncer) [[ -x /usr/sbin/pgbouncer ]] ;;
        systemd) command -v systemd-analyze >/dev/null ;;
        # Ubuntu's is a snap, which not every system can run.
        chromium) command -v chromium >/dev/null || command -v google-chrome >/dev/null || ! grep -qsx 'ID=debian' /etc/os-release ;;
        # .NET does not start without it.
        libicu) [[ ${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-} == 1 ]] || compgen -G '/usr/lib*/libicuuc.so.*' >/dev/null || compgen -G '/usr/lib/*/libicuuc.so.*' >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

find_or_install() {
    local name missing=()
    for name; do
        has "$name" || [[ " ${missing[*]} " == *" $name "* ]] || missing+=("$name")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || die "Missing: ${missing[*]}. Install them, or run as root."
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || die "Missing: ${missing[*]} (names of Debian's packages; on RHEL postgresql-server instead of postgresql). Install them."
    echo "Installing from the distribution's packages: ${missing[*]}"
    # Debian's packages would make and start servers of their own; nobody asked for that.
    local no_server=/etc/postgresql-common/createcluster.d/cryobackup-build.conf no_start=/usr/sbin/policy-rc.d
    "${as_root[@]}" mkdir -p "${no_server%/*}"
    echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_server" >/dev/null
    if [[ -e $no_start ]]; then
        no_start=
    else
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$no_start"
    fi
    # The library's package bears its version; the pattern takes it as it is called here.
    local said good=true
    said=$({ "${as_root[@]}" apt-get -qq update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq install -y --no-install-recommends "${missing[@]/#libicu/^libicu[0-9]+\$}"; } 2>&1) || good=false
    "${as_root[@]}" rm "$no_server" $no_start
    [[ " ${missing[*]} " != *" pgbouncer "* ]] || "${as_root[@]}" update-rc.d pgbouncer disable 2>/dev/null || true
    $good || die "apt-get could not install ${missing[*]}: $said"
}

main "$@"
