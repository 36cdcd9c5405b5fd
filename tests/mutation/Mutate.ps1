# Small changes made to the code one by one, and whether the quick tests, which need no server, notice: dotnet-stryker over the rooms that judge.
#   ./build.ps1 Mutate [ROOM ...] [--sample N [--seed N]] [--concurrency N]
# Without a room all are taken, which takes many hours of a quiet machine; --sample takes one member of N, drawn by the seed, and estimates by them.
# Prints a table of rooms and scores and every change that nobody noticed; where it may stay so, tests/mutants.md says why. The report, as a page
# too, lies in output/mutation.
param([Parameter(ValueFromRemainingArguments)] [string[]] $Word = @())

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$root = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '../..')).ProviderPath
$output = Join-Path $root 'output/mutation'
$source = Join-Path $output 'source'

$rooms = 'Archive', 'Streams', 'Storage', 'Comparison', 'Inspection', 'Retention', 'Restore/Selection', 'Verification'

# Those that try something many thousand times: under each of many hundred changes they would take days.
$untried = 'Speed!=Slow', 'Needs!=Server', 'FullyQualifiedName!~Fuzz', 'FullyQualifiedName!~ThrowsNothingBut'

# A copy of the sources to change, in which no other room has changes: all of the engine's are compiled together.
function Copy-Source([string[]] $Room) {
    $engine = 'src/CryoBackup.Engine/'
    $files = @(& git -C $root ls-files --cached --others --exclude-standard -- $engine src/CryoBackup.Stores tests/engine tests/data en-US '*.props' '*.targets' .editorconfig .config)
    $known = [System.Collections.Generic.HashSet[string]]::new([string[]] $files)
    Get-ChildItem -Path (Join-Path $source src), (Join-Path $source tests) -Recurse -File -ErrorAction Ignore |
        Where-Object { -not $known.Contains([System.IO.Path]::GetRelativePath($source, $_.FullName).Replace('\', '/')) } | Remove-Item
    foreach ($file in $files | Where-Object { Test-Path -LiteralPath (Join-Path $root $_) }) {
        $text = [System.IO.File]::ReadAllBytes((Join-Path $root $file))
        if ($file.StartsWith($engine) -and $file.EndsWith('.cs') -and -not ($Room | Where-Object { $file.StartsWith("$engine$_/") })) {
            $text = [System.Text.Encoding]::UTF8.GetBytes("// Stryker disable all`n") + $text
        }

        # What is the same keeps its time, and need not be compiled again.
        $path = Join-Path $source $file
        if (-not (Test-Path -LiteralPath $path) -or (Compare-Object ([System.IO.File]::ReadAllBytes($path)) $text -SyncWindow 0)) {
            $null = New-Item -ItemType Directory -Force -Path (Split-Path $path)
            [System.IO.File]::WriteAllBytes($path, $text)
        }
    }

    # The programs whose tests are not among the quick ones need not be built, nor anything for another framework.
    $project = Join-Path $source 'tests/engine/CryoBackup.Engine.Tests.csproj'
    $words = [System.IO.File]::ReadAllText($project) -replace '(?m)^.*<ProjectReference [^>]*(scratch|Cli)\.csproj" ReferenceOutputAssembly="false".*\r?\n', ''
    [System.IO.File]::WriteAllText($project, ($words -replace '<TargetFrameworks>.*</TargetFrameworks>', '<TargetFrameworks>net10.0</TargetFrameworks>'))
}

# What of a file is changed: all of it, or members that are drawn, which an empty line parts, as places in its text.
function Get-Stretch([string] $Path, [int] $Sample, [Random] $Random) {
    if ($Sample -le 1) {
        return ''
    }

    $at = 0
    $members = [System.IO.File]::ReadAllText($Path) -split '(?<=\n)(?=\n {4}\S)'
    -join $(foreach ($member in $members) {
            if ($Random.Next($Sample) -eq 0) {
                "{$at..$($at + $member.Length)}"
            }

            $at += $member.Length
        })
}

# Runs Stryker over rooms; gives its report.
function Invoke-Stryker([string[]] $Room, [int] $Sample, [int] $Seed, [int] $Concurrency) {
    Copy-Source $Room
    $folder = Join-Path $output 'report'
    if (Test-Path -LiteralPath $folder) {
        Remove-Item -LiteralPath $folder -Recurse -Force
    }

    $engine = Join-Path $source 'src/CryoBackup.Engine'
    $random = [Random]::new($Seed)
    $places = foreach ($name in $Room) {
        foreach ($file in Get-ChildItem -LiteralPath (Join-Path $engine $name) -Recurse -Filter *.cs | Sort-Object FullName -Culture '') {
            $stretch = Get-Stretch $file.FullName $Sample $random
            if ($Sample -le 1 -or $stretch) {
                [System.IO.Path]::GetRelativePath($engine, $file.FullName).Replace('\', '/') + $stretch
            }
        }
    }

    $settings = @{
        'stryker-config' = @{
            project              = 'CryoBackup.Engine.csproj'
            configuration        = 'Release'
            mutate               = @($places)
            concurrency          = $Concurrency
            'coverage-analysis'  = 'perTest'
            'additional-timeout' = 20000
            reporters            = @('json', 'html', 'progress')
            'test-case-filter'   = $untried -join '&'
            'disable-bail'       = $false
        }
    }
    $null = New-Item -ItemType Directory -Force -Path $output
    $file = Join-Path $output 'stryker-config.json'
    $settings | ConvertTo-Json -Depth 5 | Set-Content -LiteralPath $file
    Push-Location (Join-Path $source 'tests/engine')
    try {
        & dotnet tool restore | Out-Null
        & dotnet stryker --config-file $file --output $folder --skip-version-check | Out-Host
    }
    finally {
        Pop-Location
    }

    $report = Join-Path $folder 'reports/mutation-report.json'
    if (-not (Test-Path -LiteralPath $report)) {
        throw 'Stryker left no report.'
    }

    Get-Content -LiteralPath $report -Raw | ConvertFrom-Json -AsHashtable
}

# Every change that was tried: its place, what became of it.
function Get-Mutant($Report) {
    foreach ($file in $Report.files.Keys) {
        $name = ($file -replace '\\', '/') -replace '^.*src/CryoBackup\.Engine/', ''
        $room = $rooms | Where-Object { $name.StartsWith("$_/") }
        if (-not $room) {
            continue
        }

        $lines = $Report.files[$file].source -split '\r?\n'
        foreach ($mutant in $Report.files[$file].mutants) {
            $start, $end = $mutant.location.start, $mutant.location.end
            $line = $lines[$start.line - 1]
            $old = $start.line -eq $end.line ? $line.Substring($start.column - 1, $end.column - $start.column) : "$($line.Substring($start.column - 1)) ..."
            [pscustomobject] @{
                Room   = $room
                File   = $name
                Line   = $start.line
                Change = "$old -> $(($mutant.replacement ?? '') -replace '\s+', ' ')"
                Status = $mutant.status
            }
        }
    }
}

$number = @{ '--concurrency' = 1; '--sample' = 1; '--seed' = 1 }
$chosen = @()
for ($i = 0; $i -lt $Word.Count; $i++) {
    if ($number.ContainsKey($Word[$i])) {
        $number[$Word[$i]] = [int] $Word[$i + 1]
        $i++
    }
    else {
        $chosen += $Word[$i]
    }
}

if ($wrong = @($chosen | Where-Object { $_ -notin $rooms })) {
    throw "'$($wrong[0])' is no room that judges; these are: $($rooms -join ', ')."
}

$report = Invoke-Stryker ($chosen ? $chosen : $rooms) $number['--sample'] $number['--seed'] $number['--concurrency']
$mutants = @(Get-Mutant $report)
$known = Get-Content -LiteralPath (Join-Path $root 'tests/mutants.md') -Raw
$left = @($mutants | Where-Object Status -In 'Survived', 'NoCoverage')
"`nNot noticed (+ has its reason in tests/mutants.md):"
foreach ($mutant in $left | Sort-Object File, Line) {
    $mark = $known.Contains("| $($mutant.File) | ``$($mutant.Change -replace '\|', '\|')`` |") ? '+' : ' '
    "$mark $($mutant.File)($($mutant.Line)): $($mutant.Change)$($mutant.Status -eq 'NoCoverage' ? '  (no quick test comes here)' : '')"
}

@($mutants | Group-Object Room) + @($mutants | Group-Object { 'All' }) | ForEach-Object {
    $noticed = @($_.Group | Where-Object Status -In 'Killed', 'Timeout').Count
    $unnoticed = @($_.Group | Where-Object Status -EQ 'Survived').Count
    $unvisited = @($_.Group | Where-Object Status -EQ 'NoCoverage').Count
    $all = $noticed + $unnoticed + $unvisited
    [pscustomobject] @{
        Room = $_.Name; Changes = $all; Noticed = $noticed; Survived = $unnoticed; Unvisited = $unvisited
        Score = '{0:0.0} %' -f (100 * $noticed / [Math]::Max(1, $all))
    }
} | Format-Table -AutoSize | Out-String -Width 120
