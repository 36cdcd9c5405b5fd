# What the test files share. They import the module as built, in the process that build.ps1 starts for them, and use the server that
# the PG* environment names: a scratch cluster with a database 'cryoprotect' of sample data.

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
. $PSScriptRoot/Shell.ps1

$ModulePath = if ($env:CRYOBACKUP_MODULE) { $env:CRYOBACKUP_MODULE } else { Join-Path $PSScriptRoot '../output/CryoBackup/CryoBackup.psd1' }
$ModulePath = (Resolve-Path -LiteralPath $ModulePath).ProviderPath
Import-Module -Name $ModulePath -Force

$CommonParameters = [System.Management.Automation.Cmdlet]::CommonParameters + [System.Management.Automation.Cmdlet]::OptionalCommonParameters

# Asks the server; ends the test if it cannot. Returns one string a row.
function Invoke-Sql([string] $Sql, [string] $Database = 'postgres') {
    if (-not $env:PGHOST) {
        throw 'These tests need a server: run them by build.ps1 -Task Test, which starts one.'
    }

    $rows = "SET client_min_messages = warning; $Sql" | & (Get-PgTool 'psql') -X -A -t -q -w -v ON_ERROR_STOP=1 -d $Database
    if ($LASTEXITCODE -ne 0) {
        throw "psql ended with $LASTEXITCODE for: $Sql"
    }

    $rows
}

# Finds a PostgreSQL client program on the PATH, else where Debian and RHEL put it.
function Get-PgTool([string] $Name) {
    $found = Get-Command -Name $Name -CommandType Application -ErrorAction Ignore | Select-Object -First 1
    if ($found) {
        return $found.Source
    }

    $folder = Get-ChildItem -Path '/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin' -Directory -ErrorAction Ignore |
        Where-Object { Test-Path -LiteralPath (Join-Path $_ $Name) } | Select-Object -Last 1
    if (-not $folder) {
        throw "$Name was not found. Install the PostgreSQL client programs."
    }

    Join-Path $folder.FullName $Name
}

# The database as SQL text. Recent versions begin and end it with a random key, which is no content.
function Get-DumpText([string] $Database) {
    (& (Get-PgTool 'pg_dump') -d $Database | Where-Object { $_ -notmatch '^\\(un)?restrict ' }) -join "`n"
    if ($LASTEXITCODE -ne 0) {
        throw "pg_dump of $Database ended with $LASTEXITCODE."
    }
}

# A small database with content of its own; an existing one of that name is dropped first.
function Initialize-TestDatabase([string] $Name, [int] $Rows = 500) {
    Clear-TestDatabase $Name
    Invoke-Sql "CREATE DATABASE ""$Name"""
    Invoke-Sql -Database $Name "
        CREATE TABLE sample (id bigint PRIMARY KEY, label text NOT NULL, taken timestamptz);
        CREATE INDEX ON sample (label);
        INSERT INTO sample SELECT n, 'sample ' || md5(n::text), timestamptz '2026-01-01' + n * interval '1 minute' FROM generate_series(1, $Rows) n;
        CREATE TABLE empty_one (id int);"
}

function Clear-TestDatabase([string] $Name) {
    Invoke-Sql "DROP DATABASE IF EXISTS ""$Name"" WITH (FORCE)"
}

function Test-Database([string] $Name) {
    (Invoke-Sql "SELECT count(*) FROM pg_database WHERE datname = '$Name'") -eq '1'
}

# A port on which nothing listens.
function Get-ClosedPort {
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
    $listener.Stop()
    $port
}

# Changes one byte of a file, at a part of its length from 0 to 1.
function Edit-OneByte([string] $File, [double] $At = 0.5) {
    $bytes = [System.IO.File]::ReadAllBytes($File)
    $index = [int] (($bytes.Length - 1) * $At)
    $bytes[$index] = $bytes[$index] -bxor 1
    [System.IO.File]::WriteAllBytes($File, $bytes)
}

# A copy of a backup with its manifest in a new folder of its own; returns the copy of the backup file.
function Copy-Backup($Backup, [string] $Folder) {
    $null = New-Item -ItemType Directory -Path $Folder -Force
    Copy-Item -LiteralPath $Backup.Path, $Backup.ManifestPath -Destination $Folder
    Join-Path $Folder (Split-Path -Path $Backup.Path -Leaf)
}

# Runs a script in a new PowerShell and returns its lines; ends the test if it fails.
function Invoke-FreshShell([string] $Script) {
    $encoded = [Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes("`$ErrorActionPreference = 'Stop'; `$PSStyle.OutputRendering = 'PlainText'; $Script"))
    $lines = Invoke-Shell -OutputFormat Text -EncodedCommand $encoded 2>&1
    if ($LASTEXITCODE -ne 0) {
        throw "The shell ended with ${LASTEXITCODE}: $($lines -join [Environment]::NewLine)"
    }

    $lines | ForEach-Object { "$_" }
}
