# Every PostgreSQL: runs what hangs on the server's version on each major, with that major's own client and server, and between majors.
#   ./build.sh matrix [MAJOR ...] [all]
# Without a major 13, 15, 17 and 18 are taken; 14 and 16 (servers alone, with the next major's client) can be named too. 'all' runs all
# of the engine's tests, not only those that hang on the server. What is missing is made in the folder that CRYOBACKUP_MATRIX_CACHE names,
# else in output/matrix. What known-failures.csv lists may fail, and fails the run if it passes.
# Prints a table of majors and parts, and returns results as tests/Results.ps1 makes them.
param([Parameter(ValueFromRemainingArguments)] [string[]] $Word = @())

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '../..')).ProviderPath
. $PSScriptRoot/../Shell.ps1
. $PSScriptRoot/../Results.ps1
. $PSScriptRoot/Findings.ps1

# Those of the engine's tests whose outcome hangs on the server: all that read archives, compare or restore, but for those that take long
# over something else (hostile archives, killed processes).
$everyServer = @(
    'Archive.', 'Disasters.', 'Restore.', 'Rehearsal.Ordinary', 'Rehearsal.Zoo', 'Rehearsal.NamedServer', 'Rehearsal.Unproven'
    'Backup.SnapshotOrder', 'Backup.ParallelDump', 'Backup.Globals', 'Backup.Selection', 'Backup.Settings', 'Backup.Preflight', 'Configuration.ConfiguredBackup'
    'Inspection.StockArchive', 'Postgres.Failure', 'Postgres.DatabaseNames', 'Security.Hostile', 'Strangers.'
)

# The parts, and the files of those that Pester runs.
$parts = [ordered] @{
    xunit    = $null
    Pester   = 'tests/RoundTrip.Tests.ps1'
    line     = 'tests/matrix/Line.ps1'
    zoo      = 'tests/matrix/Zoo.ps1'
    crossing = 'tests/matrix/Crossing.ps1'
}

# The clients, newer than the server, with which a major is tried too.
$newerClients = @{ 13 = @(15); 14 = @(15); 15 = @(17, 18); 16 = @(17); 17 = @(); 18 = @() }
# Servers that come without a client, and whose they take.
$clientOf = @{ 14 = 15; 16 = 17 }
$cache = & bash (Join-Path $PSScriptRoot 'get-postgresql.sh')
$results = Join-Path $root 'output/matrix-results'

# Makes what is missing, two at a time; gives the folder of the programs by major, and says why a major cannot be had.
function Get-PostgreSql([int[]] $Major) {
    $script = Join-Path $PSScriptRoot 'get-postgresql.sh'
    $made = $Major | ForEach-Object -ThrottleLimit 2 -Parallel {
        $lines = @(& bash $using:script $_ 2>&1)
        [pscustomobject] @{ Major = $_; Good = $LASTEXITCODE -eq 0; Lines = $lines }
    }

    $folders = @{}
    foreach ($one in $made) {
        if ($one.Good) {
            $folders[$one.Major] = "$($one.Lines[-1])"
        }
        else {
            $one.Lines | ForEach-Object { "$_" } | Out-Host
        }
    }

    $folders
}

# The folder of the newest client that is newer than the major, and 17 or later, as the tests of such a client need; none where there is none.
function Get-NewerClient([int] $Major, [hashtable] $Folders) {
    $Folders.Keys | Where-Object { $_ -gt $Major -and $_ -ge 17 } | Sort-Object | Select-Object -Last 1 | ForEach-Object { $Folders[$_] }
}

# Runs a script with the programs of a major first on the PATH.
function Use-PostgreSql([int] $Major, [hashtable] $Folders, [scriptblock] $Script) {
    $path = @($Folders[$Major]) + @($clientOf[$Major] | Where-Object { $_ } | ForEach-Object { $Folders[$_] }) + $env:PATH
    $variables = @{
        PATH                        = $path -join [System.IO.Path]::PathSeparator
        CRYOBACKUP_PGBIN            = $Folders[$Major]
        CRYOBACKUP_MATRIX_CACHE     = $cache
        CRYOBACKUP_TEST_NEWER_PGBIN = Get-NewerClient $Major $Folders
        CRYOBACKUP_MATRIX_CLIENTS   = @($newerClients[$Major] | Where-Object { $Folders[$_] }) -join ' '
        CRYOBACKUP_MATRIX_ARCHIVES  = Join-Path $root 'output/matrix-archives'
    }
    $before = @{}
    foreach ($name in $variables.Keys) {
        $before[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $variables[$name])
    }

    try {
        & $Script
    }
    finally {
        $before.Keys | ForEach-Object { [Environment]::SetEnvironmentVariable($_, $before[$_]) }
    }
}

# Starts the engine's tests, which leave a report.
function Invoke-EngineTest([string] $Report, [string] $Filter) {
    $words = @('test', (Join-Path $root 'tests/engine'), '-c', 'Release', '--no-build', '-f', 'net10.0', '--nologo', '--filter', $Filter)
    Start-ThreadJob { & dotnet @using:words --logger "trx;LogFileName=$using:Report" *> ($using:Report -replace '\.trx$', '-xunit.log') }
}

# Runs the Pester tests of all parts, in one PowerShell on one scratch cluster; they leave a report.
function Invoke-PesterTest([string] $Report) {
    $files = @($parts.Values | Where-Object { $_ } | ForEach-Object { "'$(Join-Path $root $_)'" }) -join ', '
    $run = "& '$(Join-Path $root 'tests/Invoke-Tests.ps1')' -ResultPath '$Report' -Path $files; exit `$LASTEXITCODE"
    $shell = @(Get-ShellCommand) + '-NoProfile', '-NonInteractive', '-Command', $run
    $scratch = Get-ChildItem -Path (Join-Path $root 'output/build/bin/CryoBackup.Scratch/release*/CryoBackup.Scratch.dll') | Select-Object -Last 1
    & dotnet $scratch.FullName --sample 20000 -- @shell *> ($Report -replace '\.json$', '-pester.log')
}

# All parts of a major, the engine's tests beside the others; gives what they found.
function Invoke-Part([int] $Major, [string] $Filter) {
    $reports = 'trx', 'json' | ForEach-Object { Join-Path $results "$Major.$_" }
    # Other strangers than those of every test run.
    $env:CRYOBACKUP_TEST_STRANGERS = "${Major}01-${Major}05"
    $engine = Invoke-EngineTest $reports[0] ("($Filter)&Needs!=Windows" + ($env:CRYOBACKUP_TEST_NEWER_PGBIN ? '' : '&Needs!=NewerClient'))
    Invoke-PesterTest $reports[1]
    $null = $engine | Wait-Job | Receive-Job
    Read-XunitFinding $Major 'xunit' $reports[0]
    Read-PesterFinding $Major $parts $reports[1]
}

$words = @($Word -split '[, ]+' | Where-Object { $_ })
$odd = @($words | Where-Object { $_ -ne 'all' -and -not $newerClients.ContainsKey($_ -as [int]) })
if ($odd) {
    throw "The matrix does not know '$odd'. Name majors from 13 to 18, and 'all' for all of the engine's tests."
}

$majors = @($words | Where-Object { $_ -ne 'all' } | ForEach-Object { [int] $_ } | Sort-Object -Unique)
if (-not $majors) {
    $majors = 13, 15, 17, 18
}

$filter = $words -contains 'all' ? 'Needs!=Nothing' : (@($everyServer | ForEach-Object { "FullyQualifiedName~Tests.$_" }) -join '|')

Initialize-Folder $results
$null = New-Item -ItemType Directory -Path $cache -Force
$watch = [System.Diagnostics.Stopwatch]::StartNew()
$folders = Get-PostgreSql (@($majors) + @($majors | ForEach-Object { $newerClients[$_]; $clientOf[$_] } | Where-Object { $_ }) | Sort-Object -Unique)
"PostgreSQL $(@($folders.Keys | Sort-Object) -join ', ') in $cache, after $([int] $watch.Elapsed.TotalSeconds) s." | Out-Host

$findings = [System.Collections.Generic.List[object]]::new()
$durations = @{}
foreach ($major in $majors) {
    $watch.Restart()
    $found = if ($folders[$major]) {
        Use-PostgreSql $major $folders { Invoke-Part $major $filter }
    }
    else {
        $parts.Keys | ForEach-Object { ConvertTo-Finding $major $_ 'all' 'Skipped' "PostgreSQL $major cannot be had here, see above" }
    }

    $findings.AddRange(@($found))
    $durations[$major] = $watch.Elapsed
    "PostgreSQL ${major}: $(Get-Sum @($found))." | Out-Host
}

$known = @(Import-Csv -LiteralPath (Join-Path $PSScriptRoot 'known-failures.csv') | Where-Object { $majors -contains $_.Major })
$findings.AddRange(@(Resolve-KnownFailure $findings $known))
Write-Finding $findings
$table = foreach ($major in $majors) {
    $row = [ordered] @{ PostgreSQL = $major }
    foreach ($part in $parts.Keys) {
        $row[$part] = Get-Sum @($findings | Where-Object { $_.Major -eq $major -and $_.Part -eq $part })
    }

    $row.Minutes = [Math]::Round($durations[$major].TotalMinutes, 1)
    [pscustomobject] $row
}
$table | Format-Table -AutoSize | Out-String -Width 200 | Out-Host

foreach ($major in $majors) {
    $own = @($findings | Where-Object Major -EQ $major)
    $passed, $failed, $left = 'Passed', 'Failed', '^(Skipped|Known)$' | ForEach-Object { $outcome = $_; , @($own | Where-Object Outcome -Match $outcome) }
    $lines = @($left | ForEach-Object { "PostgreSQL $major, $($_.Test): $($_.Outcome -eq 'Known' ? 'known failure: ' : '')$($_.Message)" })
    $wrong = @($failed | ForEach-Object { ConvertTo-FailedTest "PostgreSQL $major, $($_.Test)" $_.Message })
    ConvertTo-TestResult "matrix $major" $passed.Count $failed.Count $left.Count $lines $wrong $durations[$major]
}
