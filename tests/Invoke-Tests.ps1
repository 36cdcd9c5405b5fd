# Runs the Pester tests in this process, which build.ps1 starts for them, and writes the totals as JSON.
param(
    [Parameter(Mandatory)] [string] $ResultPath,
    [string[]] $Path = $PSScriptRoot
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module -ListAvailable -Name Pester | Where-Object Version -GE '5.5')) {
    throw 'Pester 5.5 or later was not found. Install it with: Install-Module Pester -Scope CurrentUser'
}

Import-Module -Name Pester -MinimumVersion 5.5
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.RenderMode = 'PlainText'
$run = Invoke-Pester -Configuration $configuration
[ordered]@{
    Passed  = $run.PassedCount
    # A file that cannot be read, or a BeforeAll that fails, fails tests too.
    Failed  = [Math]::Max($run.FailedCount, $run.FailedBlocksCount + $run.FailedContainersCount)
    Skipped = $run.SkippedCount + $run.NotRunCount
} | ConvertTo-Json | Set-Content -LiteralPath $ResultPath
exit [int] ($run.Result -ne 'Passed')
