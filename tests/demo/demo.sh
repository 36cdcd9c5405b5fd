#!/usr/bin/env bash
# What CryoBackup does, shown with the cryobackup tool and PostgreSQL's own programs on a throwaway server.
# Run by:  ./build.sh demo   (CryoBackup.Scratch starts the server, fills the database cryoprotect and sets PGHOST, PGPORT, PGUSER)
# Every step says beforehand how it must end; the demo fails if one ends otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cryobackup=output/tool/cryobackup
folder=output/demo/tool
damaged=$folder/damaged
rm -rf "$folder"
mkdir -p "$damaged"

heading() { printf '\n%s\n%s\n' "$1" "${1//?/=}"; }

fail() {
    printf '\nNOT AS PROMISED: %s\n' "$1" >&2
    exit 1
}

# expect CODE ARGUMENT…   shows and runs the tool, and fails unless it exits with CODE.
expect() {
    local expected=$1 code=0
    shift
    printf '\n$ cryobackup %s\n' "$*"
    "$cryobackup" "$@" 2>&1 || code=$?
    [[ $code -eq $expected ]] || fail "exit code $code instead of $expected"
    [[ $code -eq 0 ]] || echo "(exit code $code, as it must be)"
}

# The database as SQL text. Recent versions begin and end it with a random key, which is no content.
as_text() { pg_dump --dbname="$1" | grep --invert-match --extended-regexp '^\\(un)?restrict '; }

same_text() {
    local source copy
    source=$(as_text cryoprotect | sha256sum)
    copy=$(as_text "$1" | sha256sum)
    printf '\n%s  SHA-256 of pg_dump cryoprotect\n%s  SHA-256 of pg_dump %s\n' "${source%% *}" "${copy%% *}" "$1"
    [[ $source == "$copy" ]] || fail "$1 differs from cryoprotect"
    echo "The same text: every object and every row came back."
}

refuse_to_create() {
    [[ -z $(psql -XAt -d postgres -c "SELECT datname FROM pg_database WHERE datname = '$1'") ]] || fail "the database $1 was made from a bad backup"
    echo "The server was not touched: there is no database $1."
}

heading "A backup"
echo "The database cryoprotect stands for yours: 200,000 readings, $(psql -XAt -d cryoprotect -c "
    SELECT count(*) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'lab'::regnamespace)") relations, a large object, roles, row security."
expect 0 new cryoprotect --path "$folder" --label "before the demo"
backup=$(ls "$folder"/cryoprotect_*_full.dump.gz)

heading "Its proof, from the file alone"
expect 0 test "$backup"
expect 0 list "$folder"

heading "Its rehearsal: restored into a throwaway server, all of it compared"
expect 0 test "$backup" --level restore

heading "Back into a second database"
expect 0 restore "$backup" --target-database cryoprotect_copy --create
same_text cryoprotect_copy

heading "Without CryoBackup, by stock tools"
# The manifest says how; it stands beside the backup, so the line names the file without its folder.
line=$(sed -n 's/.*"open_with": "\(.*\)",\{0,1\}$/\1/p' "$backup.meta.json")
line=${line/NAME/cryoprotect_stock}
printf 'The manifest says: %s\n' "$line"
createdb --template=template0 --encoding=UTF8 cryoprotect_stock
(cd "$folder" && bash -o pipefail -c "$line")
same_text cryoprotect_stock

heading "A missing file"
expect 3 test "$folder/no_such_backup.dump.gz"
expect 1 restore "$folder/no_such_backup.dump.gz" --target-database from_nothing --create
refuse_to_create from_nothing

heading "A corrupt file: text, not an archive"
echo "This is a corrupt backup file" > "$damaged/corrupt_backup.dump.gz"
expect 3 test "$damaged/corrupt_backup.dump.gz"
expect 1 restore "$damaged/corrupt_backup.dump.gz" --target-database from_corrupt --create
refuse_to_create from_corrupt

heading "One byte changed in a good backup"
cp "$backup" "$backup.meta.json" "$damaged"
flipped=$damaged/${backup##*/}
middle=$(($(stat --format=%s "$flipped") / 2))
byte=$(od --address-radix=n --format=u1 --skip-bytes=$middle --read-bytes=1 "$flipped")
printf "\\x$(printf %02x $((byte ^ 1)))" | dd of="$flipped" bs=1 seek=$middle conv=notrunc status=none
expect 3 test "$flipped"
expect 1 restore "$flipped" --target-database from_flipped --create
refuse_to_create from_flipped

heading "A database that is not empty"
expect 1 restore "$backup" --target-database cryoprotect_copy
same_text cryoprotect_copy

heading "Done: everything ended as it must"
echo "The backup lies in $backup"
