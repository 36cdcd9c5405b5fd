# The package, from the folder to a first backup, in a profile where nothing was ever installed.
BeforeDiscovery {
    $hasPackager = [bool] (Get-Command -Name Compress-PSResource -ErrorAction Ignore)
    if (-not $hasPackager) {
        Write-Warning 'Microsoft.PowerShell.PSResourceGet 1.1 IS NOT INSTALLED: the package is neither made nor tested.'
    }
}

Describe 'The package' -Tag 'Package' -Skip:(-not $hasPackager) {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        . $PSScriptRoot/CleanProfile.ps1
        $root = Split-Path -Path $PSScriptRoot
        $version = (Import-PowerShellDataFile -LiteralPath $ModulePath).ModuleVersion
        $profileFolder = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'profile')).FullName
        Enter-CleanProfile $profileFolder
        $readme = (Get-Content -LiteralPath (Join-Path $root 'README.md') -Raw).ReplaceLineEndings("`n")
        $install = [regex]::Match($readme, '(?ms)^```powershell\n((?:(?!^```).)*Install-PSResource.*?)\n```').Groups[1].Value
    }

    AfterAll {
        Exit-CleanProfile
    }

    It 'bears the version of Directory.Build.props, and is the only one' {
        $version | Should -Be ([xml] (Get-Content -LiteralPath (Join-Path $root 'Directory.Build.props') -Raw)).Project.PropertyGroup.Version
        Get-ChildItem -LiteralPath (Join-Path $root 'output/package') | ForEach-Object Name | Should -Be "CryoBackup.$version.nupkg"
    }

    It 'holds what lies in output/CryoBackup, byte by byte' {
        $unpacked = Join-Path $TestDrive 'unpacked'
        [System.IO.Compression.ZipFile]::ExtractToDirectory((Join-Path $root "output/package/CryoBackup.$version.nupkg"), $unpacked)
        $shipped = Join-Path $root 'output/CryoBackup'
        foreach ($file in Get-ChildItem -LiteralPath $shipped -Recurse -File) {
            $relative = [System.IO.Path]::GetRelativePath($shipped, $file.FullName)
            (Get-FileHash -LiteralPath (Join-Path $unpacked $relative)).Hash | Should -Be (Get-FileHash -LiteralPath $file.FullName).Hash -Because $relative
        }
    }

    It 'is installed by the lines of the README into a clean profile' {
        $install | Should -Not -BeNullOrEmpty
        $lines = Invoke-FirstShell "Set-Location -LiteralPath '$root'; $install | Out-String"
        $lines -join "`n" | Should -Match 'THE IDEA'
        Get-ChildItem -LiteralPath $profileFolder -Recurse -Force -Filter CryoBackup.psd1 | ForEach-Object Directory | ForEach-Object Name | Should -Be $version
    }

    It 'then runs in a fresh shell, loaded by its first use, with its help' {
        Initialize-TestDatabase cryo_package
        try {
            $folder = Join-Path $TestDrive 'backups'
            $lines = Invoke-FirstShell "
                (New-CryoBackup cryo_package -Path '$folder' | Test-CryoBackup).Verdict
                (Get-Module CryoBackup).Path
                (Get-Help Test-CryoBackup).Synopsis"
            $lines[0] | Should -Be 'Passed'
            $lines[1] | Should -BeLike "$profileFolder*"
            $lines[2] | Should -Match 'Proves'
        }
        finally {
            Clear-TestDatabase cryo_package
        }
    }

    It 'brings the tool, which answers at the prompt and by its starter, with the one engine of the module' {
        $lines = Invoke-FirstShell "cryobackup --version; (Get-Command cryobackup).CommandType; (Get-Module -ListAvailable CryoBackup).ModuleBase"
        $lines[0] | Should -Match "^$([regex]::Escape($version))"
        $lines[1] | Should -Be 'Function'
        $folder = Join-Path $lines[2] 'bin/tool'
        Get-ChildItem -LiteralPath $folder | ForEach-Object Name | Sort-Object | Should -Be @('cryobackup', 'cryobackup.cmd', 'cryobackup.dll', 'cryobackup.runtimeconfig.json', 'System.CommandLine.dll')
        (Get-ChildItem -LiteralPath $folder | Measure-Object -Property Length -Sum).Sum | Should -BeLessThan 2MB
        $backups = Join-Path $TestDrive 'backups'
        (dotnet (Join-Path $folder 'cryobackup.dll') test $backups --json | ConvertFrom-Json).verdict | Should -Be 'passed'
        if ($IsWindows) {
            (& (Join-Path $folder 'cryobackup.cmd') list $backups --json | ConvertFrom-Json).database | Should -Be 'cryo_package'
        }
        else {
            $null = New-Item -ItemType SymbolicLink -Path (Join-Path $TestDrive 'cryobackup') -Target (Join-Path $folder 'cryobackup')
            (sh (Join-Path $TestDrive 'cryobackup') list $backups --json | ConvertFrom-Json).database | Should -Be 'cryo_package'
        }
    }

    It 'goes again by Uninstall-PSResource' {
        Invoke-FirstShell 'Uninstall-PSResource -Name CryoBackup; @(Get-Module -ListAvailable CryoBackup).Count' | Should -Be '0'
    }
}
