#Requires -Version 7.4
<#
.SYNOPSIS
    The door to everything that is built here.
.DESCRIPTION
    Clean   removes output/.
    Build   builds all, and lays out the module as it is shipped in output/CryoBackup/.
    Test    runs the engine's tests against both its builds, the tool's, then the Pester tests against the module as built, on a scratch cluster.
            Prints what of the engine and of the cmdlets they ran; less than the floor in tests/coverage fails. The last line is 'N passed, N failed, N skipped'.
    Matrix  runs the tests that hang on the server's version on each PostgreSQL of the majors given (13 15 17 18), in systems that it makes.
    Windows runs the tool, the engine's tests and the module, built for Windows, in Wine, in a system that it makes.
    Demo    makes, proves and restores a backup of a sample database on a scratch cluster, and shows what goes wrong with a damaged one.
    Picture makes tests/demo/demo.svg, the picture of the README, from what the demo prints; commit it.
    Help    makes en-US/CryoBackup.dll-Help.xml from the Markdown beside it; commit both.
    Bench   measures CryoBackup beside pg_dump and its companions.
    Mutate  changes the rooms that judge, one small thing at a time, and lists what the quick tests do not notice; hours for all rooms.
    Package makes a package of the module in output/package/, which Install-PSResource takes.
    Several are done one after the other (Test, Matrix); what was tested is summed up last. -NoBuild takes what was built before, for instance on
    another machine. Further arguments are given to Matrix, Windows, Demo, Bench or Mutate: build.ps1 Bench --rows 1000000. Help takes the folder to write to.
#>
[CmdletBinding()]
param(
    # A list with commas too, which is all that pwsh -File can pass.
    [Parameter(Position = 0)]
    [ArgumentCompletions('Clean', 'Build', 'Test', 'Matrix', 'Windows', 'Demo', 'Picture', 'Help', 'Bench', 'Mutate', 'Package')]
    [ValidatePattern('^(Clean|Build|Test|Matrix|Windows|Demo|Picture|Help|Bench|Mutate|Package)(,\s*(Clean|Build|Test|Matrix|Windows|Demo|Picture|Help|Bench|Mutate|Package))*$',
        ErrorMessage = 'The tasks are Clean, Build, Test, Matrix, Windows, Demo, Picture, Help, Bench, Mutate and Package, not {0}.')]
    [string[]] $Task = 'Build',

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release',

    [switch] $NoBuild,

    [Parameter(ValueFromRemainingArguments)]
    [string[]] $Argument = @()
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $false
$output = Join-Path $PSScriptRoot 'output'
. $PSScriptRoot/tests/Shell.ps1
. $PSScriptRoot/tests/Results.ps1

function Invoke-Clean {
    if (Test-Path -LiteralPath $output) {
        Remove-Item -LiteralPath $output -Recurse -Force
    }
}

# Who only uses what is built is not kept waiting, nor stopped, by how its source is written.
function Invoke-Build([switch] $ChecksFormat) {
    if ($NoBuild -or $built) {
        return
    }

    # The first time takes a minute or more: what is fetched and built is shown as it is done.
    $first = -not (Test-Path -LiteralPath (Join-Path $output 'CryoBackup'))
    if ($first) {
        'Building: packages are fetched, then each project is compiled.' | Out-Host
    }

    $words = 'build', (Join-Path $PSScriptRoot 'CryoBackup.sln'), '-c', $Configuration, '--nologo', '-v', ($first ? 'minimal' : 'quiet')
    if (-not $ChecksFormat) {
        $words += '-p:SkipFormatCheck=true'
    }

    $here = $PSScriptRoot + [System.IO.Path]::DirectorySeparatorChar
    & dotnet @words | ForEach-Object { $_.Replace($here, '') } | Where-Object { $first -or $_ -match ': (error|warning) ' } | Out-Host
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet build ended with $LASTEXITCODE."
    }

    $script:built = $true
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

# Starts an xunit project's tests beside what else is done; those started later wait for those started before.
function Invoke-XunitTest([string] $Project, [string] $Framework, [string] $Results, [string[]] $Options = @()) {
    $report = Join-Path $Results "$Project-$Framework.trx"
    $words = @('test', (Join-Path $PSScriptRoot "tests/$Project"), '-c', $Configuration, '--no-build', '-f', $Framework, '--nologo')
    $words += @('--logger', "trx;LogFileName=$report") + $Options
    Start-ThreadJob -Name "$Project $Framework" -ThrottleLimit 1 -ScriptBlock {
        $start = Get-Date
        $words = $using:words
        & dotnet @words 2>&1 | ForEach-Object { "$_" }
        [pscustomobject] @{ Report = $using:report; ExitCode = $LASTEXITCODE; Duration = (Get-Date) - $start }
    }
}

# Shows what the tests say, from the beginning until they end; gives what they found.
function Wait-XunitTest($Job) {
    $Job | Receive-Job -Wait -AutoRemoveJob | ForEach-Object {
        if ($_ -is [string]) {
            $_ | Out-Host
        }
        else {
            Read-XunitResult $Job.Name $_.Report $_.ExitCode $_.Duration
        }
    }
}

# Against a copy of the module that notes which of its lines run; against the module itself where no such copy can be made, as behind -NoBuild.
function Invoke-PesterTest([string] $Results) {
    $report = Join-Path $Results 'pester.json'
    $project = Join-Path $PSScriptRoot 'tests/pester'
    $kept = $env:CRYOBACKUP_MODULE
    $start = Get-Date
    try {
        $null = & dotnet msbuild $project -t:MeasureModule "-p:Configuration=$Configuration"
        $measured = $LASTEXITCODE -eq 0
        if ($measured) {
            $env:CRYOBACKUP_MODULE = Join-Path $output 'measured/CryoBackup/CryoBackup.psd1'
        }

        $words = @(Get-ShellCommand) + '-NoProfile', '-NonInteractive', '-File', (Join-Path $PSScriptRoot 'tests/Invoke-Tests.ps1'), '-ResultPath', $report
        $exitCode = Invoke-OnScratchCluster @('--sample', 20000) $words
        if ($measured) {
            $null = & dotnet msbuild $project -t:ReportMeasured "-p:Report=$(Join-Path $Results 'module.cobertura.xml')"
        }
    }
    finally {
        $env:CRYOBACKUP_MODULE = $kept
    }

    Read-PesterResult 'Pester' $report $exitCode ((Get-Date) - $start)
}

# Prints what the tests ran of the engine and of the cmdlets; false if that is less than the floor.
function Test-Coverage([string] $Results) {
    & dotnet (Get-BuiltProgram 'CryoBackup.Coverage') $Results (Join-Path $PSScriptRoot 'tests/coverage.md') | Out-Host
    $LASTEXITCODE -eq 0
}

function Invoke-Test {
    Invoke-Build -ChecksFormat
    $folder = Join-Path $output 'test-results'
    Initialize-Folder $folder
    if (Get-Command -Name Compress-PSResource -ErrorAction Ignore) {
        Write-Package
    }

    # The matrix has the clients for those that are left out, the check of Windows (Windows) runs its own.
    $here = $IsWindows ? 'Needs!=NewerClient' : 'Needs!=NewerClient&Needs!=Windows'
    $measured = @('--settings', (Join-Path $PSScriptRoot 'tests/engine/coverage.runsettings'), '--results-directory', $folder, '--filter', $here)
    $script:results += @(Wait-XunitTest (Invoke-XunitTest 'engine' 'net10.0' $folder $measured))
    # What they wait for, processes mostly, leaves room for these two beside each other.
    $others = @(
        Invoke-XunitTest 'engine' 'net8.0' $folder @('--filter', "$here&Runs!=Once")
        Invoke-XunitTest 'cli' 'net10.0' $folder
    )
    $script:results += @(Invoke-PesterTest $folder) + @($others | ForEach-Object { Wait-XunitTest $_ })
    if (-not (Test-Coverage $folder)) {
        $script:results += ConvertTo-TestResult 'coverage' 0 1 0 -FailedTest 'coverage: below its floor, see above'
    }
}

# Every PostgreSQL: the script makes the systems, shows its table, and gives results as tests/Results.ps1 makes them.
function Invoke-Matrix {
    Invoke-Build
    $script:results += @(& (Join-Path $PSScriptRoot 'tests/matrix/Matrix.ps1') @Argument)
}

# Windows as far as Wine is it: gives results as the matrix does.
function Invoke-Windows {
    Invoke-Build
    $script:results += @(& (Join-Path $PSScriptRoot 'tests/windows/Windows.ps1') @Argument)
}

function Invoke-Demo([string[]] $Words = $Argument) {
    Invoke-Build
    'Starting a throwaway PostgreSQL and filling its sample database.' | Out-Host
    $shell = @(Get-ShellCommand) + '-NoProfile', '-NonInteractive', '-File', (Join-Path $PSScriptRoot 'tests/demo/Demo.ps1')
    $script:exitCode = Invoke-OnScratchCluster @('--sample', 200000) ($shell + $Words)
}

# The demo as it ran, drawn.
function Invoke-Picture {
    $transcript = Join-Path $output 'demo.txt'
    Invoke-Demo @('-TranscriptPath', $transcript)
    if ($exitCode -eq 0) {
        & (Join-Path $PSScriptRoot 'tests/demo/Picture.ps1') -Transcript $transcript -Path (Join-Path $PSScriptRoot 'tests/demo/demo.svg')
    }
}

function Invoke-Help {
    if (-not (Get-Module -ListAvailable -Name Microsoft.PowerShell.PlatyPS)) {
        throw 'Microsoft.PowerShell.PlatyPS was not found. Install it with: Install-PSResource Microsoft.PowerShell.PlatyPS'
    }

    . (Join-Path $PSScriptRoot 'en-US/Maml.ps1')
    Export-Maml (Join-Path $PSScriptRoot 'en-US') ($Argument ? $Argument[0] : (Join-Path $PSScriptRoot 'en-US')) (Join-Path $output 'help')
}

# The package is what lies in output/CryoBackup, under the version that its manifest got from Directory.Build.props.
function Write-Package {
    $folder = Join-Path $output 'package'
    Initialize-Folder $folder
    Compress-PSResource -Path (Join-Path $output 'CryoBackup') -DestinationPath $folder
}

function Invoke-Package {
    if (-not (Get-Command -Name Compress-PSResource -ErrorAction Ignore)) {
        throw 'Microsoft.PowerShell.PSResourceGet 1.1 or later was not found. Install it with: Install-PSResource Microsoft.PowerShell.PSResourceGet'
    }

    Invoke-Build
    Write-Package
    Get-ChildItem -LiteralPath (Join-Path $output 'package') | ForEach-Object FullName
}

function Invoke-Bench {
    Invoke-Build
    $script:exitCode = Invoke-OnScratchCluster @() (@('dotnet', (Get-BuiltProgram 'CryoBackup.Benchmarks')) + $Argument)
}

function Invoke-Mutate {
    & (Join-Path $PSScriptRoot 'tests/mutation/Mutate.ps1') @Argument
}

$exitCode = 0
$built = $false
$results = @()
foreach ($name in $Task -split ',' | ForEach-Object Trim) {
    try {
        & "Invoke-$name"
    }
    catch {
        if ($name -notin 'Test', 'Matrix', 'Windows') {
            throw
        }

        # What keeps tests from running is a failure among what they found, which is summed up behind the last of them.
        $_ | Out-Host
        $results += ConvertTo-TestResult $name 0 1 0 -FailedTest (ConvertTo-FailedTest $name $_)
    }

    if ($exitCode -ne 0 -and -not $results) {
        break
    }
}

if ($results) {
    Write-TestSum $results
    if (-not (Test-Result $results)) {
        $exitCode = 1
    }
}

exit $exitCode
