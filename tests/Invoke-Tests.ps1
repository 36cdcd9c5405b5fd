# Runs the Pester tests in this process, which build.ps1 starts for them, and writes as JSON the totals and each test's outcome.
param(
    [Parameter(Mandatory)] [string] $ResultPath,
    [string[]] $Path = $PSScriptRoot
)

$ErrorActionPreference = 'Stop'
$pester = Join-Path $PSScriptRoot '../output/modules/Pester/Pester.psd1'
if (-not (Test-Path -LiteralPath $pester)) {
    throw "Pester was not found in $pester. Run build.ps1 Build, which lays it there."
}

Import-Module -Name $pester
$configuration = New-PesterConfiguration
$configuration.Run.Path = $Path
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$configuration.Output.RenderMode = 'PlainText'
$run = Invoke-Pester -Configuration $configuration
[ordered]@{
    Passed      = $run.PassedCount
    # A file that cannot be read, or a BeforeAll that fails, fails tests too.
    Failed      = [Math]::Max($run.FailedCount, $run.FailedBlocksCount + $run.FailedContainersCount)
    Skipped     = $run.SkippedCount + $run.NotRunCount
    SkippedTest = @(@($run.Skipped) + @($run.NotRun) | ForEach-Object { "$($_.ExpandedPath)$(if ($_.ErrorRecord) { ": $($_.ErrorRecord[0])" })" })
    Test        = @($run.Tests | ForEach-Object {
            @{ Name = $_.ExpandedPath; File = Split-Path -Path $_.ScriptBlock.File -Leaf; Result = $_.Result; Message = "$($_.ErrorRecord | Select-Object -First 1)" }
        })
} | ConvertTo-Json -Depth 3 | Set-Content -LiteralPath $ResultPath
exit [int] ($run.Result -ne 'Passed')
