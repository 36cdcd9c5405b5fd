# Two builds of one project at the same time write the same files, and on a machine that never built it one of them fails now and then.
Describe 'The build of the solution' {
    It 'builds each project once for each of its frameworks, whoever refers to it' {
        $root = Split-Path -Path $PSScriptRoot
        if (-not (Test-Path -LiteralPath (Join-Path $root 'output/build/obj'))) {
            Set-ItResult -Skipped -Because 'it was BUILT ELSEWHERE'
            return
        }

        $env:DOTNET_CLI_UI_LANGUAGE = 'en'
        $said = dotnet build (Join-Path $root 'CryoBackup.sln') -c Release --no-restore --nologo -v normal -tl:off 2>&1 | Out-String
        $LASTEXITCODE | Should -Be 0 -Because $said
        $built = [regex]::Matches($said, 'Project "(?<by>[^"]+)" \([\d:]+\) is building "(?<project>[^"]+\.csproj)" \([\d:]+\) on node \d+ \((default|Build) target') |
            ForEach-Object { [pscustomobject] @{ Project = $_.Groups['project'].Value; By = $_.Groups['by'].Value } } |
            Group-Object -Property Project -AsHashTable -AsString
        # Those of tests/windows are built by its check alone.
        $projects = Get-ChildItem -Path $root/src, $root/tests -Recurse -File -Filter *.csproj |
            Where-Object FullName -NotLike (Join-Path $root 'tests/windows/*')
        $built.Count | Should -Be $projects.Count
        foreach ($project in $projects) {
            $frameworks = @(([xml] (Get-Content -LiteralPath $project.FullName -Raw)).SelectSingleNode('//TargetFramework|//TargetFrameworks').InnerText -split ';').Count
            # Of several frameworks the solution builds none itself: it has the project ask for each.
            $own = @($built[$project.FullName] | Where-Object { $frameworks -eq 1 -or $_.By -notlike '*.sln' })
            $own.Count | Should -Be $frameworks -Because "$($project.Name) is one project"
        }
    }
}

Describe 'The sum of the tests' {
    BeforeAll {
        . $PSScriptRoot/Results.ps1
    }

    It 'names last what failed, and what was said of it' {
        $report = Join-Path $TestDrive 'of xunit.trx'
        Set-Content -LiteralPath $report -Value @'
<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
<UnitTestResult testName="A.B" outcome="Passed" />
<UnitTestResult testName="A.C" outcome="Failed"><Output><ErrorInfo><Message>Expected 1</Message><StackTrace>at A.C</StackTrace></ErrorInfo></Output></UnitTestResult>
<UnitTestResult testName="A.D" outcome="NotExecuted"><Output><StdOut>Needs a moon</StdOut></Output></UnitTestResult>
</Results><ResultSummary><Counters total="3" executed="2" passed="1" failed="1" /></ResultSummary></TestRun>
'@
        $other = Join-Path $TestDrive 'of Pester.json'
        @{
            Passed      = 1
            Failed      = 1
            Skipped     = 0
            SkippedTest = @()
            Test        = @{ Name = 'A.passes'; File = 'A'; Result = 'Passed'; Message = '' }, @{ Name = 'B.fails'; File = 'F'; Result = 'Failed'; Message = "one`ntwo" }
        } | ConvertTo-Json -Depth 3 | Set-Content -LiteralPath $other
        $died = Join-Path $TestDrive 'died.trx'
        Get-Content -LiteralPath $report -Raw | ForEach-Object { $_ -replace '(?m)^.*outcome="Failed".*\n' -replace 'executed="2"', 'executed="1"' } | Set-Content -LiteralPath $died
        $found = @(
            Read-XunitResult 'engine' $report 1
            Read-PesterResult 'Pester' $other 1
            Read-XunitResult 'lost' "$report.none" 0
            Read-XunitResult 'dead' $died 137
        )
        Test-Result $found | Should -BeFalse
        $said = Write-TestSum $found | Out-String
        $said | Should -Match 'Skipped:\s+A\.D: Needs a moon'
        $said | Should -Match '(?s)Failed:\s+engine: A\.C\s+Expected 1\s+at A\.C\s+Pester: F: B\.fails\s+one\s+two\s+lost: no report\s+dead: no test of its report, exit code 137'
        $said | Should -Not -Match 'A\.passes|A\.B'
        $said.TrimEnd() | Should -Match '\n3 passed, 4 failed, 3 skipped$'
    }
}

Describe 'The picture of the README' {
    It 'shows steps of the demo, and what they gave' {
        $root = Split-Path -Path $PSScriptRoot
        $picture = [xml] (Get-Content -LiteralPath (Join-Path $root 'tests/demo/demo.svg') -Raw)
        Get-Content -LiteralPath (Join-Path $root 'README.md') -Raw | Should -Match '!\[[^\]]+\]\(tests/demo/demo\.svg\)'
        $lines = @($picture.svg.SelectNodes('*[local-name() = "text"]') | ForEach-Object InnerText)
        $steps = @($lines -like 'PS> *' | ForEach-Object { $_.Substring(4) })
        $steps.Count | Should -BeGreaterThan 2
        $demo = Get-Content -LiteralPath (Join-Path $root 'tests/demo/Demo.ps1') -Raw
        foreach ($step in $steps) {
            $demo.Contains($step, [System.StringComparison]::Ordinal) | Should -BeTrue -Because "'$step' is a step of the demo"
        }

        $lines -match '^restored_rows +Passed' | Should -Not -BeNullOrEmpty
        $lines -match '^Everything ended as it must' | Should -Not -BeNullOrEmpty
    }
}
