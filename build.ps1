#Requires -Version 7.4
<#
.SYNOPSIS
    The door to everything that is built here.
.DESCRIPTION
    Clean   removes output/.
    Build   builds all, and lays out the module as it is shipped in output/CryoBackup/.
    Test    runs the engine's tests against both its builds, the tool's, then the Pester tests against the module as built, on a scratch cluster.
            The last line is 'N passed, N failed, N skipped'.
    Demo    makes, proves and restores a backup of a sample database on a scratch cluster, and shows what goes wrong with a damaged one.
    Bench   measures CryoBackup beside pg_dump and its companions.
    Further arguments are given to Demo or Bench: build.ps1 Bench --rows 1000000
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Clean', 'Build', 'Test', 'Demo', 'Bench')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Argument = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$output = Join-Path $PSScriptRoot 'output'

function Invoke-Tool([string] $Command, [string[]] $Arguments) {
    & $Command @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "$Command $($Arguments[0]) ended with $LASTEXITCODE."
    }
}

function Invoke-Clean {
    if (Test-Path -LiteralPath $output) {
        Remove-Item -LiteralPath $output -Recurse -Force
    }
}

function Invoke-Build {
    Invoke-Tool dotnet @('build', (Join-Path $PSScriptRoot 'CryoBackup.sln'), '-c', $Configuration, '--nologo', '-v', 'quiet')
}

# What a project of the solution is built to.
function Get-BuiltProgram([string] $Name) {
    $program = Get-ChildItem -Path (Join-Path $output "build/bin/$Name/$($Configuration.ToLowerInvariant())*/$Name.dll") | Select-Object -Last 1
    if (-not $program) {
        throw "$Name has not been built."
    }

    $program.FullName
}

# Runs a program with a scratch cluster of PostgreSQL around it; returns its exit code.
function Invoke-OnScratchCluster([string[]] $Options, [string[]] $Command) {
    & dotnet (Get-BuiltProgram 'CryoBackup.Scratch') @Options -- @Command | Out-Host
    $LASTEXITCODE
}

# The words that run a script in a new PowerShell.
function Get-ShellCommand([string] $Script) {
    (Get-Process -Id $PID).Path, '-NoProfile', '-NonInteractive', '-File', $Script
}

function Invoke-XunitTest([string] $Project, [string] $Framework, [string] $Results) {
    $report = Join-Path $Results "$Project-$Framework.trx"
    & dotnet test (Join-Path $PSScriptRoot "tests/$Project") -c $Configuration --no-build -f $Framework --nologo --logger "trx;LogFileName=$report" | Out-Host
    $exitCode = $LASTEXITCODE
    if (-not (Test-Path -LiteralPath $report)) {
        return [pscustomobject]@{ Runner = "$Project $Framework"; Passed = 0; Failed = 1; Skipped = 0 }
    }

    $counters = ([xml] (Get-Content -LiteralPath $report -Raw)).TestRun.ResultSummary.Counters
    $failed = [int] $counters.executed - [int] $counters.passed
    [pscustomobject]@{
        Runner  = "$Project $Framework"
        Passed  = [int] $counters.passed
        # A test host that dies leaves counters without a failure.
        Failed  = if ($exitCode -ne 0) { [Math]::Max($failed, 1) } else { $failed }
        Skipped = [int] $counters.total - [int] $counters.executed
    }
}

function Invoke-PesterTest([string] $Results) {
    $report = Join-Path $Results 'pester.json'
    $exitCode = Invoke-OnScratchCluster @('--sample', 20000) ((Get-ShellCommand (Join-Path $PSScriptRoot 'tests/Invoke-Tests.ps1')) + '-ResultPath' + $report)
    if (-not (Test-Path -LiteralPath $report)) {
        return [pscustomobject]@{ Runner = 'Pester'; Passed = 0; Failed = 1; Skipped = 0 }
    }

    $counters = Get-Content -LiteralPath $report -Raw | ConvertFrom-Json
    [pscustomobject]@{
        Runner  = 'Pester'
        Passed  = [int] $counters.Passed
        Failed  = if ($exitCode -ne 0) { [Math]::Max([int] $counters.Failed, 1) } else { [int] $counters.Failed }
        Skipped = [int] $counters.Skipped
    }
}

function Invoke-Test {
    Invoke-Build
    $results = Join-Path $output 'test-results'
    if (Test-Path -LiteralPath $results) {
        Remove-Item -LiteralPath $results -Recurse -Force
    }

    $null = New-Item -ItemType Directory -Path $results
    $totals = @(
        Invoke-XunitTest 'engine' 'net10.0' $results
        Invoke-XunitTest 'engine' 'net8.0' $results
        Invoke-XunitTest 'cli' 'net10.0' $results
        Invoke-PesterTest $results
    )
    $totals | Format-Table | Out-Host
    $passed, $failed, $skipped = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($totals | Measure-Object -Property $_ -Sum).Sum }
    $script:exitCode = [int] ($failed -gt 0 -or ($totals | Where-Object Passed -EQ 0))
    "$passed passed, $failed failed, $skipped skipped"
}

function Invoke-Demo {
    Invoke-Build
    $script:exitCode = Invoke-OnScratchCluster @('--sample', 200000) ((Get-ShellCommand (Join-Path $PSScriptRoot 'tests/demo/Demo.ps1')) + $Argument)
}

function Invoke-Bench {
    Invoke-Build
    $script:exitCode = Invoke-OnScratchCluster @() (@('dotnet', (Get-BuiltProgram 'CryoBackup.Benchmarks')) + $Argument)
}

$exitCode = 0
foreach ($name in $Task) {
    & "Invoke-$name"
    if ($exitCode -ne 0) {
        break
    }
}

exit $exitCode
