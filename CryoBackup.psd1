@{
    RootModule           = 'CryoBackup.dll'
    # Replaced at build by <Version> of Directory.Build.props, the one place of the version.
    ModuleVersion        = '0.0.0'
    GUID                 = 'a829bb37-3166-43ec-bc1d-c08ecb07ed0a'
    Author               = 'CryoBackup contributors'
    CompanyName          = 'CryoBackup'
    Copyright            = 'CryoBackup contributors. MIT license.'
    Description          = 'Makes, proves, copies and restores backups of PostgreSQL databases. A backup is good only when it has been proven, and it can always be opened with stock tools.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('CryoBackup.Format.ps1xml')
    TypesToProcess       = @('CryoBackup.Types.ps1xml')
    CmdletsToExport      = @('Copy-CryoBackup', 'Get-CryoBackup', 'New-CryoBackup', 'New-CryoBackupConfiguration', 'Protect-CryoBackup',
        'Remove-CryoBackup', 'Restore-CryoBackup', 'Test-CryoBackup', 'Test-CryoBackupConfiguration', 'Unprotect-CryoBackup')
    # The tool by its name: the one in this module, or on the PATH.
    NestedModules        = @('CryoBackup.Tool.psm1')
    FunctionsToExport    = @('cryobackup')
    AliasesToExport      = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags         = @('PostgreSQL', 'Backup', 'Restore', 'Verification', 'Database', 'pg_dump', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
            ReleaseNotes = 'See CHANGELOG.md.'
        }
    }
}
