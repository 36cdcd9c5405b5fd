#Requires -Version 7.4
<#
.SYNOPSIS
    The door to everything that is built here.
.DESCRIPTION
    Clean   removes output/.
    Build   builds all, and lays out the module as it is shipped in output/CryoBackup/.
    Test    runs the engine's tests against both its builds, the tool's, then the Pester tests against the module as built, on a scratch cluster.
            Prints what of the engine its tests ran; less than the floor in tests/coverage fails. The last line is 'N passed, N failed, N skipped'.
    Demo    makes, proves and restores a backup of a sample database on a scratch cluster, and shows what goes wrong with a damaged one.
    Help    makes en-US/CryoBackup.dll-Help.xml from the Markdown beside it; commit both.
    Bench   measures CryoBackup beside pg_dump and its companions.
    Package makes a package of the module in output/package/, which Install-PSResource takes.
    -NoBuild takes what was built before, for instance on another machine.
    Further arguments are given to Demo or Bench: build.ps1 Bench --rows 1000000. Help takes the folder to write to.
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Clean', 'Build', 'Test', 'Demo', 'Help', 'Bench', 'Package')]
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
    if ($NoBuild) {
        return
    }

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

function Invoke-XunitTest([string] $Project, [string] $Framework, [string] $Results, [string[]] $Options = @()) {
    $report = Join-Path $Results "$Project-$Framework.trx"
    $words = @('-c', $Configuration, '--no-build', '-f', $Framework, '--nologo', '--logger', "trx;LogFileName=$report") + $Options
    & dotnet test (Join-Path $PSScriptRoot "tests/$Project") @words | Out-Host
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

# Prints what the tests ran of the engine; false if that is less than the floor.
function Test-EngineCoverage([string] $Results) {
    & dotnet (Get-BuiltProgram 'CryoBackup.Coverage') $Results (Join-Path $PSScriptRoot 'tests/coverage.md') | Out-Host
    $LASTEXITCODE -eq 0
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
    if (Get-Command -Name Compress-PSResource -ErrorAction Ignore) {
        Write-Package
    }

    $totals = @(
        Invoke-XunitTest 'engine' 'net10.0' $results @('--settings', (Join-Path $PSScriptRoot 'tests/engine/coverage.runsettings'), '--results-directory', $results)
        Invoke-XunitTest 'engine' 'net8.0' $results
        Invoke-XunitTest 'cli' 'net10.0' $results
        Invoke-PesterTest $results
    )
    $covered = Test-EngineCoverage $results
    $totals | Format-Table | Out-Host
    $passed, $failed, $skipped = 'Passed', 'Failed', 'Skipped' | ForEach-Object { ($totals | Measure-Object -Property $_ -Sum).Sum }
    $script:exitCode = [int] ($failed -gt 0 -or ($totals | Where-Object Passed -EQ 0) -or -not $covered)
    "$passed passed, $failed failed, $skipped skipped"
}

function Invoke-Demo {
    Invoke-Build
    $script:exitCode = Invoke-OnScratchCluster @('--sample', 200000) ((Get-ShellCommand (Join-Path $PSScriptRoot 'tests/demo/Demo.ps1')) + $Argument)
}

# PlatyPS makes the help; what it leaves undone is finished here, so that Get-Help shows code as code and every default.
function Complete-Maml([xml] $Maml, $Help) {
    $names = [System.Xml.XmlNamespaceManager]::new($Maml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')
    function Add-Element($Parent, [string] $Name, [string] $Text) {
        $element = $Maml.CreateElement($Name, $names.LookupNamespace($Name.Split(':')[0]))
        $element.InnerText = $Text
        $null = $Parent.AppendChild($element)
    }

    foreach ($example in $Maml.SelectNodes('//command:example', $names)) {
        $remarks = $example.SelectSingleNode('dev:remarks', $names)
        foreach ($paragraph in $example.SelectNodes('maml:introduction/maml:para', $names)) {
            if ($paragraph.InnerText -match '(?s)^```powershell\r?\n(?<code>.*)\n```$') {
                $example.SelectSingleNode('dev:code', $names).InnerText = $Matches.code
            }
            elseif ($paragraph.InnerText -ne [string] [char] 0x80) {
                Add-Element $remarks 'maml:para' $paragraph.InnerText
            }
        }

        # A blank line before the next example.
        Add-Element $remarks 'maml:para' ''
        $null = $example.RemoveChild($example.SelectSingleNode('maml:introduction', $names))
    }

    foreach ($paragraph in @($Maml.SelectNodes('//maml:para', $names))) {
        foreach ($text in $paragraph.InnerText -split '(?:\r?\n){2,}') {
            # A line that begins no item of a list goes on from the one before; code marks mean nothing at the prompt.
            Add-Element $paragraph.ParentNode 'maml:para' ($text -replace '\r?\n *(?![ -])', ' ').Replace('`', '')
        }

        $null = $paragraph.ParentNode.RemoveChild($paragraph)
    }

    foreach ($command in $Maml.SelectNodes('//command:command', $names)) {
        $source = $Help | Where-Object Title -EQ $command.SelectSingleNode('command:details/command:name', $names).InnerText
        foreach ($parameter in $command.SelectNodes('command:parameters/command:parameter', $names)) {
            $default = ($source.Parameters | Where-Object Name -EQ $parameter.SelectSingleNode('maml:name', $names).InnerText).DefaultValue
            Add-Element $parameter 'dev:defaultValue' $default
        }
    }

    foreach ($link in $Maml.SelectNodes('//maml:uri[not(starts-with(., "http"))]', $names)) {
        $link.InnerText = ''
    }
}

function Invoke-Help {
    if (-not (Get-Module -ListAvailable -Name Microsoft.PowerShell.PlatyPS)) {
        throw 'Microsoft.PowerShell.PlatyPS was not found. Install it with: Install-PSResource Microsoft.PowerShell.PlatyPS'
    }

    Import-Module -Name Microsoft.PowerShell.PlatyPS
    $source = Join-Path $PSScriptRoot 'en-US'
    $target = if ($Argument) { $Argument[0] } else { $source }
    $help = Get-ChildItem -Path (Join-Path $source '*-*.md') | Sort-Object Name | ForEach-Object { Import-MarkdownCommandHelp -Path $_.FullName }
    $work = Join-Path $output 'help'
    $file = Export-MamlCommandHelp -CommandHelp $help -OutputFolder $work -Force
    $maml = [xml] (Get-Content -LiteralPath $file.FullName -Raw)
    Complete-Maml $maml $help
    $settings = [System.Xml.XmlWriterSettings] @{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
    $writer = [System.Xml.XmlWriter]::Create((Join-Path (Resolve-Path -LiteralPath $target).ProviderPath 'CryoBackup.dll-Help.xml'), $settings)
    $maml.Save($writer)
    $writer.Dispose()
}

# The package is what lies in output/CryoBackup, under the version that its manifest got from Directory.Build.props.
function Write-Package {
    $folder = Join-Path $output 'package'
    if (Test-Path -LiteralPath $folder) {
        Remove-Item -LiteralPath $folder -Recurse -Force
    }

    $null = New-Item -ItemType Directory -Path $folder
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

$exitCode = 0
foreach ($name in $Task) {
    & "Invoke-$name"
    if ($exitCode -ne 0) {
        break
    }
}

exit $exitCode
