#!/usr/bin/env bash
# Runs a program for Windows in the system that get-wine.sh has made, as an ordinary user.
#   wine.sh SYSTEM PROGRAM [ARGUMENT ...]
# One at a time. Nothing but /proc is mounted, for the program alone; when it ends, all that it has started ends with it.
# Variables whose names begin with WINE_SETS_ are set there without that: WINE_SETS_PGHOST.
set -euo pipefail
system=$1
shift
variables=(
    HOME=/home/user USER=user PATH=/usr/sbin:/usr/bin LANG=C.UTF-8 WINEPREFIX=/home/user/.wine WINEDEBUG="${WINEDEBUG:--all}"
    # Nothing here has a window, and .NET's own runtime is there, not Mono's.
    WINEDLLOVERRIDES='mshtml,winemenubuilder.exe=d'
    # Wine does not keep the state of AVX-512 where .NET looks for it.
    DOTNET_EnableAVX512=0 DOTNET_CLI_UI_LANGUAGE=en
)
while IFS= read -r -d '' variable; do
    [[ $variable != WINE_SETS_* ]] || variables+=("${variable#WINE_SETS_}")
done < <(env -0)
enter=(env -i "${variables[@]}" chroot --userspec=65534:65534 "$system")
# Wine's server writes its registry when it is told to end.
# shellcheck disable=SC2016
exec flock "$system" unshare --mount --pid --fork --kill-child --propagation private bash -c '
    system=$1 count=$2 && shift 2 && enter=("${@:1:count}") && shift "$count"
    mount -t proc proc "$system/proc"
    "${enter[@]}" /usr/lib/wine/wine64 "$@"
    code=$?
    "${enter[@]}" /usr/lib/wine/wineserver64 -k
    exit "$code"' bash "$system" "${#enter[@]}" "${enter[@]}" "$@"
