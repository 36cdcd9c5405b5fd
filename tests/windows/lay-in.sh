#!/usr/bin/env bash
# Lays what was built for Windows into the system with Wine, in place of what an earlier run left.
#   lay-in.sh SYSTEM ROOT
# The sources lie there where they lie here, as tests that read them know them by that place.
set -euo pipefail
system=$1 root=$2 home=$1/home/user
rm -rf "$home"/{CryoBackup.Cli,engine,scratch,pwsh,pg14,pg18,out} "$home/.wine/drive_c/users/user/AppData/Local/Temp" "${system:?}/tmp" "${system:?}$root"
mkdir -p "$home"/{out,.wine/drive_c/users/user/AppData/Local/Temp} "$system/tmp" "$system$root/output"
chmod 1777 "$system/tmp"
cp -a "$root"/output/windows/{CryoBackup.Cli,engine,scratch,pwsh} "$home"
# PowerShell looks for its own modules beside itself.
cp -a "$home/pwsh/runtimes/win/lib/net10.0/Modules" "$home/pwsh"
cp -a "$root/output/windows/standin" "$home/pg14"
cp -a "$system"/opt/pg/windows-14/* "$home/pg14"
for program in initdb pg_ctl postgres psql pg_dumpall gzip; do
    ln "$home/pg14/standin.exe" "$home/pg14/$program.exe"
done
# Windows' own server, but that initdb is told of passwords that Wine can answer for; with the one client for Windows that there is.
mkdir -p "$home/pg18/bin"
cp -a "$root"/output/windows/standin/* "$system"/opt/pg/windows-14/* "$home/pg18/bin"
cp -a "$system"/opt/pg/windows-18/* "$home/pg18"
mv "$home/pg18/bin/initdb.exe" "$home/pg18/bin/initdb-windows.exe"
ln "$home/pg18/bin/standin.exe" "$home/pg18/bin/initdb.exe"
cp -a "$root"/output/{CryoBackup,modules,tool} "$system$root/output"
tar -c -C "$root" --exclude=./output --exclude=./.git . | tar -x -C "$system$root" --no-same-owner
chown -R 65534:65534 "$home"
