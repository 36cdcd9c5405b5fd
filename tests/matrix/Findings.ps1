# What the matrix finds: one object a test, with the major version and the part that it belongs to.

function ConvertTo-Finding([int] $Major, [string] $Part, [string] $Test, [string] $Outcome, [string] $Message = '') {
    [pscustomobject] @{ Major = $Major; Part = $Part; Test = $Test; Outcome = $Outcome; Message = $Message }
}

# What xunit left as TRX.
function Read-XunitFinding([int] $Major, [string] $Part, [string] $Report) {
    if (-not (Test-Path -LiteralPath $Report)) {
        return ConvertTo-Finding $Major $Part 'all' 'Failed' "They left no report; see $Major-xunit.log in output/matrix-results."
    }

    $run = [xml] (Get-Content -LiteralPath $Report -Raw)
    foreach ($test in $run.SelectNodes('//*[local-name() = "UnitTestResult"]')) {
        $outcome = switch ($test.outcome) { 'Passed' { 'Passed' } 'NotExecuted' { 'Skipped' } default { 'Failed' } }
        $says = $test.SelectSingleNode('.//*[local-name() = "Message"]')
        ConvertTo-Finding $Major $Part ($test.testName -replace '^CryoBackup\.Tests\.') $outcome ($says ? $says.InnerText : '')
    }

    # A test host that dies leaves the report of what it did till then.
    if ($run.TestRun.ResultSummary.outcome -notin 'Completed', 'Passed' -and $run.TestRun.ResultSummary.Counters.failed -eq '0') {
        ConvertTo-Finding $Major $Part 'all' 'Failed' "The run ended as $($run.TestRun.ResultSummary.outcome); see $Major-xunit.log in output/matrix-results."
    }
}

# What tests/Invoke-Tests.ps1 left as JSON; $Parts has the file of each part.
function Read-PesterFinding([int] $Major, $Parts, [string] $Report) {
    $own = @($Parts.Keys | Where-Object { $Parts[$_] })
    if (-not (Test-Path -LiteralPath $Report)) {
        return $own | ForEach-Object { ConvertTo-Finding $Major $_ 'all' 'Failed' "They left no report; see $Major-pester.log in output/matrix-results." }
    }

    $run = Get-Content -LiteralPath $Report -Raw | ConvertFrom-Json
    $failed = 0
    foreach ($test in $run.Test) {
        $part = $own | Where-Object { (Split-Path -Path $Parts[$_] -Leaf) -ceq $test.File }
        $outcome = $test.Result -in 'Passed', 'Failed' ? $test.Result : 'Skipped'
        $failed += $outcome -eq 'Failed'
        ConvertTo-Finding $Major $part $test.Name $outcome $test.Message
    }

    if ($run.Failed -gt $failed) {
        ConvertTo-Finding $Major $own[0] 'all' 'Failed' "A file was not run to its end; see $Major-pester.log in output/matrix-results."
    }
}

# Marks what is known to fail. Gives a failure for each line of the list that is of no use any more; what passes of it fails.
function Resolve-KnownFailure([object[]] $Finding, [object[]] $Known) {
    foreach ($line in $Known) {
        $ofPart = @($Finding | Where-Object { $_.Major -eq $line.Major -and $_.Part -eq $line.Part })
        $same = @($ofPart | Where-Object Test -CEQ $line.Test)
        foreach ($test in $same) {
            switch ($test.Outcome) {
                'Failed' { $test.Outcome = 'Known'; $test.Message = $line.Reason }
                'Passed' { $test.Outcome = 'Failed'; $test.Message = "It passes now: remove its line from tests/matrix/known-failures.csv." }
            }
        }

        if (-not $same -and ($ofPart | Where-Object Test -NE 'all')) {
            ConvertTo-Finding $line.Major $line.Part $line.Test 'Failed' "There is no such test: remove its line from tests/matrix/known-failures.csv."
        }
    }
}

# In words: 412 passed, 1 known; 410 passed, 2 FAILED
function Get-Sum([object[]] $Finding) {
    $words = foreach ($outcome in 'Passed', 'Failed', 'Known', 'Skipped') {
        $count = @($Finding | Where-Object Outcome -EQ $outcome).Count
        if ($count) {
            "$count $($outcome -eq 'Failed' ? 'FAILED' : $outcome.ToLowerInvariant())"
        }
    }
    $words -join ', '
}

# Shows what failed, and what is known to fail.
function Write-Finding([object[]] $Finding) {
    foreach ($one in $Finding | Where-Object Outcome -EQ 'Failed') {
        "`nFAILED on PostgreSQL $($one.Major) ($($one.Part)): $($one.Test)`n$($one.Message)" | Out-Host
    }

    foreach ($one in $Finding | Where-Object Outcome -EQ 'Known') {
        "Known failure on PostgreSQL $($one.Major) ($($one.Part)): $($one.Test): $($one.Message)" | Out-Host
    }
}
