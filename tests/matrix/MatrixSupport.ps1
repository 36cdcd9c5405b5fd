# What the matrix's test files share. Each runs on a scratch cluster of one major version, whose own programs come first on the PATH and in
# CRYOBACKUP_PGBIN; CRYOBACKUP_MATRIX_CACHE is the folder with those of the others.

. $PSScriptRoot/../TestSupport.ps1

$ServerMajor = [Math]::Floor([int] (Invoke-Sql 'SHOW server_version_num') / 10000)

# Where the programs of a major version lie.
function Get-ProgramFolder([int] $Major) {
    Join-Path $env:CRYOBACKUP_MATRIX_CACHE "$Major/usr/lib/postgresql/$Major/bin"
}

# Runs a script with the client programs of another major version.
function Use-Client([int] $Major, [scriptblock] $Script) {
    $own = $env:CRYOBACKUP_PGBIN
    $env:CRYOBACKUP_PGBIN = Get-ProgramFolder $Major
    try {
        & $Script
    }
    finally {
        $env:CRYOBACKUP_PGBIN = $own
    }
}

# The files of objects that a major version knows, without their extension.
function Get-ZooName([int] $Major) {
    'zoo'
    17, 18 | Where-Object { $_ -le $Major } | ForEach-Object { "zoo-$_" }
}

# Drops a database, with the subscriptions that would forbid it.
function Clear-ZooDatabase([string] $Name) {
    if (Test-Database $Name) {
        $own = "SELECT quote_ident(subname) FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        foreach ($subscription in Invoke-Sql -Database $Name $own) {
            Invoke-Sql -Database $Name "ALTER SUBSCRIPTION $subscription DISABLE; ALTER SUBSCRIPTION $subscription SET (slot_name = NONE)"
            Invoke-Sql -Database $Name "DROP SUBSCRIPTION $subscription"
        }

        Clear-TestDatabase $Name
    }
}

# Makes a database and fills it with tests/data/<zoo>.sql.
function Import-Zoo([string] $Zoo, [string] $Database) {
    Clear-ZooDatabase $Database
    Invoke-Sql "CREATE DATABASE ""$Database"" TEMPLATE template0"
    & (Get-PgTool 'psql') -X -q -w -v ON_ERROR_STOP=1 -o /dev/null -d $Database -f (Join-Path $PSScriptRoot "../data/$Zoo.sql") 2>$null
    if ($LASTEXITCODE -ne 0) {
        throw "psql ended with $LASTEXITCODE for $Zoo.sql."
    }
}

# Gives a database something that a restore has to put right: its largest ordinary table gets another column.
function Edit-Schema([string] $Database) {
    $table = Invoke-Sql -Database $Database "
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND NOT c.relispartition AND c.reloftype = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY pg_catalog.pg_relation_size(c.oid) DESC, c.oid LIMIT 1"
    Invoke-Sql -Database $Database "ALTER TABLE $table ADD COLUMN added_later text"
}

# What a backup was warned of, but for known faults of the version that is here.
function Get-Warning($Backup) {
    $Backup.Warnings | Where-Object { $_ -notmatch 'lacks the fixes of CVE-' }
}

# What went wrong or was warned of, for the message of a test that fails.
function Get-Complaint($Result) {
    $checks = @($Result.Checks | Where-Object Outcome -NE 'Passed' | ForEach-Object { "$($_.Name): $($_.Detail)" })
    (@($Result.Reason) + @($Result.Warnings) + $checks | Where-Object { $_ }) -join [Environment]::NewLine
}
