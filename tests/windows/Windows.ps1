# Windows, as far as Wine is Windows: runs the tool, the engine's tests and the module in PowerShell, all built for Windows, in a system
# with Wine that get-wine.sh makes.
#   ./build.sh windows [engine] [line] [scratch] [server]
# Without a part engine (its tests that need no server) and line. On demand: scratch, those of throwaway servers, on Windows' own PostgreSQL 18,
# where Wine now and then tells no start of a process that is ending, of which .NET makes an error as it ends a tree of them; and server, all
# with one, which take long.
# The client is PostgreSQL's for Windows, 14, as no newer one is to be had; its server is PostgreSQL 14 for Linux, behind programs that stand
# in for it (standin/).
# What fails for a reason that is Wine's bears the trait Wine with that reason, and is skipped and counted here.
# Returns results as tests/Results.ps1 makes them. The real Windows is the workflow's; CONTRIBUTING.md has the table.
param([Parameter(ValueFromRemainingArguments)] [string[]] $Word = @())

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '../..')).ProviderPath
. $PSScriptRoot/../Results.ps1

$results = Join-Path $root 'output/windows-results'
$published = Join-Path $root 'output/windows'

# Publishes a project for Windows, beside what is built for this machine.
function Publish-ForWindows([string] $Project) {
    $name = Split-Path -Path $Project -Leaf
    $words = @('publish', (Join-Path $root $Project), '-c', 'Release', '-f', 'net10.0', '-r', 'win-x64', '--self-contained', '--nologo', '-v', 'quiet')
    $words += '-o', (Join-Path $published $name), "-p:ArtifactsPath=$(Join-Path $published 'build')", '-p:UseAppHost=true', '-p:SkipFormatCheck=true'
    & dotnet @words | Where-Object { $_ -match ': (error|warning) ' } | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet publish of $Project ended with $LASTEXITCODE."
    }
}

# Lays what was built into the system, and the sources where the tests were built from, as some of them read these.
function Copy-IntoSystem([string] $System) {
    & bash (Join-Path $PSScriptRoot 'lay-in.sh') $System $root | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "lay-in.sh ended with $LASTEXITCODE."
    }
}

# Runs a program in the system; what it says goes to a log. Gives the exit code. PowerShell wants a terminal, which costs others time.
function Invoke-Wine([string] $System, [string] $Log, [hashtable] $Variables, [string[]] $Command, [switch] $OnTerminal) {
    $Variables.Keys | ForEach-Object { [Environment]::SetEnvironmentVariable("WINE_SETS_$_", $Variables[$_]) }
    try {
        $words = @((Join-Path $PSScriptRoot 'wine.sh'), $System) + $Command
        if ($OnTerminal) {
            $quoted = $words | ForEach-Object { "'$($_.Replace("'", "'\''"))'" }
            $words = 'script', '--quiet', '--return', '--command', ($quoted -join ' '), '/dev/null'
        }

        & $words[0] @($words | Select-Object -Skip 1) *> $Log
        $LASTEXITCODE
    }
    finally {
        $Variables.Keys | ForEach-Object { [Environment]::SetEnvironmentVariable("WINE_SETS_$_", $null) }
    }
}

# The engine's tests that are chosen, in Wine.
function Invoke-EngineTest([string] $System, [string] $Name, [hashtable] $Variables, [string[]] $Choice) {
    $start = Get-Date
    $report = Join-Path $results "$Name.trx"
    $words = @('Z:\home\user\engine\CryoBackup.Engine.Tests.exe', 'run', "Z:\home\user\out\$Name.trx", '30') + $Choice
    $exitCode = Invoke-Wine $System (Join-Path $results "$Name.log") $Variables $words
    Copy-Item -Path "$System/home/user/out/$Name.trx" -Destination $report -ErrorAction Ignore
    Read-XunitResult "windows $Name" $report $exitCode ((Get-Date) - $start)
}

# That the tool that anybody publishes starts there, and is the one that was built.
function Invoke-ToolTest([string] $System) {
    $log = Join-Path $results 'tool.log'
    $exitCode = Invoke-Wine $System $log @{} $tool, '--version'
    $good = $exitCode -eq 0 -and (Get-Content -LiteralPath $log -Raw) -match '\d+\.\d+\.\d+\+[0-9a-f]{40}'
    $wrong = $good ? @() : "windows tool: cryobackup --version ended with $exitCode, see $log"
    ConvertTo-TestResult 'windows tool' ([int] $good) ([int] -not $good) 0 -FailedTest $wrong
}

# The line in PowerShell, on a scratch cluster.
function Invoke-LineTest([string] $System) {
    $start = Get-Date
    $report = Join-Path $results 'line.json'
    $here = "Z:$($root.Replace('/', '\'))"
    $words = 'Z:\home\user\scratch\CryoBackup.Scratch.exe', '--', 'Z:\home\user\pwsh\pwsh.exe', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass'
    $words += '-File', "$here\tests\Invoke-Tests.ps1", '-ResultPath', 'Z:\home\user\out\line.json', '-Path', "$here\tests\windows\Line.ps1"
    $exitCode = Invoke-Wine $System (Join-Path $results 'line.log') $programs $words -OnTerminal
    Copy-Item -LiteralPath "$System/home/user/out/line.json" -Destination $report -ErrorAction Ignore
    if (Test-Path -LiteralPath $report) {
        foreach ($test in (Get-Content -LiteralPath $report -Raw | ConvertFrom-Json).Test | Where-Object Result -EQ 'Failed') {
            "`nFAILED on Windows: $($test.Name)`n$($test.Message)" | Out-Host
        }
    }

    Read-PesterResult 'windows line' $report $exitCode ((Get-Date) - $start)
}

$parts = 'engine', 'line', 'scratch', 'server'
$chosen = @($Word -split '[, ]+' | Where-Object { $_ })
$odd = @($chosen | Where-Object { $_ -notin $parts })
if ($odd) {
    throw "The check of Windows does not know '$odd'. Its parts are $($parts -join ', ')."
}

if (-not $chosen) {
    $chosen = 'engine', 'line'
}

$said = @(& bash (Join-Path $PSScriptRoot 'get-wine.sh') 2>&1 | ForEach-Object { "$_" })
if ($LASTEXITCODE -ne 0) {
    "`nWINDOWS WAS NOT TESTED: $said`n" | Out-Host
    return ConvertTo-TestResult 'windows' 0 0 1 "Windows in Wine: NOT RUN. $said"
}

$system = $said[-1]
Initialize-Folder $results
'src/CryoBackup.Cli', 'tests/engine', 'tests/scratch', 'tests/windows/standin', 'tests/windows/pwsh' | ForEach-Object { Publish-ForWindows $_ }
Copy-IntoSystem $system
$tool = 'Z:\home\user\CryoBackup.Cli\cryobackup.exe'
$programs = @{
    CRYOBACKUP_PGBIN     = 'Z:\home\user\pg14'
    CRYOBACKUP_TOOL      = $tool
    CRYOBACKUP_INTERRUPT = 'Z:\home\user\engine\CryoBackup.Engine.Tests.exe'
}
Invoke-ToolTest $system
if ('engine' -in $chosen) {
    Invoke-EngineTest $system 'engine' @{} '!Needs=Server', '!Speed=Slow'
}

if ('line' -in $chosen) {
    Invoke-LineTest $system
}

if ('scratch' -in $chosen) {
    $own = @{ CRYOBACKUP_PGBIN = 'Z:\home\user\pg18\bin' }
    Invoke-EngineTest $system 'scratch' $own 'PostmasterFileTests', 'ScratchClusterTests', 'ScratchTemplatesTests'
}

if ('server' -in $chosen) {
    Invoke-EngineTest $system 'server' $programs 'Needs=Server'
}
