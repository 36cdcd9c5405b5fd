#!/usr/bin/env bash
# The door on a bare Linux machine: finds or installs what is missing, then
#   ./build.sh build                           builds everything into output/
#   ./build.sh test                            builds and runs all tests; the last line is "N passed, N failed[, N skipped]"
#   ./build.sh demo                            makes, proves and restores a backup on a throwaway server
#   ./build.sh bench [--rows N] [--runs N]     measures against pg_dump and pg_restore
# Where there is a PowerShell, build.ps1 builds, tests and shows; where there is none, this script does it without the module.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

main() {
    local task=${1:-}
    [[ $# -eq 0 ]] || shift
    command -v dotnet >/dev/null || die "The .NET SDK is not on the PATH. Install .NET SDK 10: https://dotnet.microsoft.com/download"
    case $task in
        build) ;;
        test) find_or_install postgresql age zstd openssh-client strace ;;
        demo) find_or_install postgresql age zstd openssh-client ;;
        bench) find_or_install postgresql age zstd pigz ;;
        *) die "Usage: ./build.sh build|test|demo|bench [--rows N] [--runs N]" 2 ;;
    esac
    if [[ $task == bench ]]; then
        build && bench "$@"
    elif command -v pwsh >/dev/null; then
        exec pwsh -NoProfile -File build.ps1 -Task "${task^}"
    else
        echo "NO POWERSHELL (pwsh) ON THE PATH: the module and its Pester tests are left out, the rest is done with the engine and the cryobackup tool."
        build && case $task in test) run_tests ;; demo) demo ;; esac
    fi
}

die() {
    echo "build.sh: $1" >&2
    exit "${2:-1}"
}

build() {
    dotnet build CryoBackup.sln --configuration Release --nologo --verbosity quiet
}

demo() {
    output/build/bin/CryoBackup.Scratch/release/CryoBackup.Scratch --sample 200000 -- bash tests/demo/demo.sh
}

bench() {
    output/build/bin/CryoBackup.Scratch/release/CryoBackup.Scratch -- output/build/bin/CryoBackup.Benchmarks/release/CryoBackup.Benchmarks "$@"
}

run_tests() {
    local results=output/test-results project framework settings good=true
    rm -rf "$results"
    while read -r project framework settings; do
        dotnet test "tests/$project" --configuration Release --no-build --nologo --framework "$framework" ${settings:+--settings "$settings"} \
            --results-directory "$results" --logger "trx;LogFileName=$project-$framework.trx" </dev/null || good=false
        [[ -f $results/$project-$framework.trx ]] || { echo "THE TESTS IN tests/$project LEFT NO RESULT FOR $framework."; good=false; }
    done <<<$'engine net10.0 tests/engine/coverage.runsettings\nengine net8.0\ncli net10.0'
    output/build/bin/CryoBackup.Coverage/release/CryoBackup.Coverage "$results" tests/coverage.md || good=false
    cat "$results"/*.trx 2>/dev/null | sum_results && $good
}

# Adds up the counters of TRX files; what neither passed nor failed was skipped. Fails if anything failed or nothing ran.
sum_results() {
    { grep -o '<Counters [^>]*>' || true; } | awk '
        function counter(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) + 0 : 0 }
        { total += counter("total"); passed += counter("passed"); failed += counter("failed") + counter("error") + counter("timeout") + counter("aborted") }
        END {
            skipped = total - passed - failed
            printf "%d passed, %d failed%s\n", passed, failed, (skipped ? ", " skipped " skipped" : "")
            exit (failed || !passed)
        }'
}

# Each name is a package of Debian and Ubuntu, and but for the server and the keys of SSH also the program that it brings.
find_or_install() {
    local name missing=()
    for name; do
        case $name in
            postgresql) has_server || missing+=(postgresql) ;;
            openssh-client) command -v ssh-keygen >/dev/null || missing+=(openssh-client) ;;
            *) command -v "$name" >/dev/null || missing+=("$name") ;;
        esac
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || die "Missing: ${missing[*]}. Install them, or run as root."
        as_root=(sudo)
    fi
    command -v apt-get >/dev/null || die "Missing: ${missing[*]} (names of Debian's packages; on RHEL postgresql-server instead of postgresql). Install them."
    echo "Installing what is missing: ${missing[*]}"
    # Debian's package would make and start a server of its own; nobody asked for that.
    local no_server=/etc/postgresql-common/createcluster.d/cryobackup-build.conf
    "${as_root[@]}" mkdir -p "${no_server%/*}"
    echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_server" >/dev/null
    local good=true
    { "${as_root[@]}" apt-get -qq update \
        && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null; } || good=false
    "${as_root[@]}" rm "$no_server"
    $good || die "apt-get could not install ${missing[*]}; see above."
}

has_server() {
    command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || compgen -G '/usr/pgsql-*/bin/initdb' >/dev/null
}

main "$@"
