# What test runners found, and the one sum of it. A result is one runner's: its name, the tests that passed, failed and were skipped, the time,
# a line for each skipped test, and a text for each that failed. Whatever runs tests (build.ps1 Test, the matrix) makes results here, and
# build.ps1 prints their sum last.

# Makes a folder, without what lay there before.
function Initialize-Folder([string] $Path) {
    if (Test-Path -LiteralPath $Path) {
        Remove-Item -LiteralPath $Path -Recurse -Force
    }

    $null = New-Item -ItemType Directory -Path $Path
}

function ConvertTo-TestResult(
    [string] $Runner,
    [int] $Passed,
    [int] $Failed,
    [int] $Skipped,
    [string[]] $SkippedTest = @(),
    [string[]] $FailedTest = @(),
    [timespan] $Duration = 0
) {
    [pscustomobject] @{
        Runner      = $Runner
        Passed      = $Passed
        Failed      = $Failed
        Skipped     = $Skipped
        SkippedTest = $SkippedTest
        FailedTest  = $FailedTest
        Duration    = $Duration
    }
}

# A failed test's name, and the beginning of what was said of it, set in.
function ConvertTo-FailedTest([string] $Name, [string] $Message) {
    $lines = @($Message -split '\r?\n' | Where-Object { $_.Trim() } | Select-Object -First 20)
    @($Name) + @($lines | ForEach-Object { "    $_" }) -join "`n"
}

# Of a runner that ended without a report. One that died behind a good report has failed too.
function Get-FailedCount([int] $Counted, [int] $ExitCode) {
    $ExitCode -ne 0 ? [Math]::Max($Counted, 1) : $Counted
}

# No failure without a name: what failed outside of a test is told by its runner.
function Get-FailedTest([string] $Runner, [int] $Failed, [string[]] $Named, [int] $ExitCode) {
    $Failed -and -not $Named ? "${Runner}: no test of its report, exit code $ExitCode" : $Named
}

# What xunit left as TRX.
function Read-XunitResult([string] $Runner, [string] $Report, [int] $ExitCode, [timespan] $Duration = 0) {
    if (-not (Test-Path -LiteralPath $Report)) {
        "$($Runner.ToUpperInvariant()) LEFT NO RESULT IN $Report." | Out-Host
        return ConvertTo-TestResult $Runner 0 1 0 -FailedTest "${Runner}: no report" -Duration $Duration
    }

    $run = [xml] (Get-Content -LiteralPath $Report -Raw)
    $counters = $run.TestRun.ResultSummary.Counters
    $left = foreach ($test in $run.SelectNodes('//*[local-name() = "UnitTestResult"][@outcome = "NotExecuted"]')) {
        "$($test.testName): $($test.SelectSingleNode('.//*[local-name() = "Message" or local-name() = "StdOut"]').InnerText)"
    }

    $wrong = foreach ($test in $run.SelectNodes('//*[local-name() = "UnitTestResult"][@outcome != "NotExecuted" and @outcome != "Passed"]')) {
        $said = $test.SelectNodes('.//*[local-name() = "Message" or local-name() = "StackTrace"]') | ForEach-Object InnerText
        ConvertTo-FailedTest "${Runner}: $($test.testName)" ($said -join "`n")
    }

    $failed = Get-FailedCount ($counters.executed - $counters.passed) $ExitCode
    $wrong = Get-FailedTest $Runner $failed $wrong $ExitCode
    ConvertTo-TestResult $Runner $counters.passed $failed ($counters.total - $counters.executed) $left $wrong $Duration
}

# What tests/Invoke-Tests.ps1 left as JSON.
function Read-PesterResult([string] $Runner, [string] $Report, [int] $ExitCode, [timespan] $Duration = 0) {
    if (-not (Test-Path -LiteralPath $Report)) {
        "$($Runner.ToUpperInvariant()) LEFT NO RESULT IN $Report." | Out-Host
        return ConvertTo-TestResult $Runner 0 1 0 -FailedTest "${Runner}: no report" -Duration $Duration
    }

    $counters = Get-Content -LiteralPath $Report -Raw | ConvertFrom-Json
    $wrong = foreach ($test in $counters.Test | Where-Object { $_.Result -eq 'Failed' }) {
        ConvertTo-FailedTest "${Runner}: $($test.File): $($test.Name)" $test.Message
    }

    $failed = Get-FailedCount $counters.Failed $ExitCode
    $wrong = Get-FailedTest $Runner $failed $wrong $ExitCode
    ConvertTo-TestResult $Runner $counters.Passed $failed $counters.Skipped $counters.SkippedTest $wrong $Duration
}

# True if something passed everywhere and nothing failed; a runner that found nothing to run has failed, unless it says what it skipped.
function Test-Result([object[]] $Result) {
    -not ($Result | Where-Object { $_.Failed -gt 0 -or $_.Passed + $_.Skipped -eq 0 })
}

# The skipped and the failed tests by name, a line for each runner, and last 'N passed, N failed, N skipped'.
function Write-TestSum([object[]] $Result) {
    $left = @($Result | ForEach-Object { $_.SkippedTest } | Where-Object { $_ })
    if ($left) {
        "`nSkipped:"
        $left | Group-Object | ForEach-Object { "  $($_.Name)" }
    }

    $wrong = @($Result | ForEach-Object { $_.FailedTest } | Where-Object { $_ })
    if ($wrong) {
        "`nFailed:"
        $wrong | ForEach-Object { "  $($_ -replace "`n", "`n  ")" }
    }

    $minutes = @{ Name = 'Minutes'; Expression = { [Math]::Round($_.Duration.TotalMinutes, 1) }; Align = 'Right' }
    $Result | Format-Table -Property Runner, Passed, Failed, Skipped, $minutes -AutoSize | Out-String -Width 120
    $passed, $failed, $skipped = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($Result | Measure-Object -Property $_ -Sum).Sum }
    "$passed passed, $failed failed, $skipped skipped"
}
