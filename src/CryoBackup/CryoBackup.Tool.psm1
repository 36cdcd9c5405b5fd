# The tool by its name, at this prompt too: PowerShell would take an unknown word for the noun of a Get- command, here Get-CryoBackup.

function cryobackup {
    <#
    .SYNOPSIS
    Runs the cryobackup tool, the same verbs for hosts without PowerShell: the one on the PATH, else the one in this module.
    .EXAMPLE
    cryobackup --help
    #>
    $installed = Get-Command -Name cryobackup -CommandType Application -TotalCount 1 -ErrorAction Ignore
    if ($installed) {
        & $installed @args
        return
    }

    $dotnet = Get-Command -Name dotnet -CommandType Application -TotalCount 1 -ErrorAction Ignore
    if (-not $dotnet) {
        $record = [System.Management.Automation.ErrorRecord]::new(
            [System.Management.Automation.CommandNotFoundException]::new('cryobackup, the tool, needs the .NET runtime 10 or later, and there is no dotnet on the PATH.'),
            'ToolNotFound', 'ObjectNotFound', 'dotnet')
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($record.Exception.Message)
        $record.ErrorDetails.RecommendedAction = 'Install the .NET runtime 10, or use the cmdlets: Get-Command -Module CryoBackup.'
        throw $record
    }

    & $dotnet (Join-Path $PSScriptRoot 'bin/tool/cryobackup.dll') @args
}

Export-ModuleMember -Function cryobackup
