# What about_CryoBackup_Windows has its readers run: of what needs Windows as much is checked as can be without it.
BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    $root = Split-Path -Path $PSScriptRoot
    $page = (Get-Content -LiteralPath (Join-Path $root 'en-US/about_CryoBackup_Windows.help.txt') -Raw).ReplaceLineEndings("`n")
    $blocks = [regex]::Matches($page, '(?m)(?:^        [^\n]*\n)+') | ForEach-Object { $_.Value -replace '(?m)^        ', '' }
}

Describe 'about_CryoBackup_Windows' {
    It 'has blocks that PowerShell can read' {
        $scripts = @($blocks | Where-Object { $_ -match '^(\$|\[|[A-Z][a-z]+-)' })
        $scripts.Count | Should -BeGreaterOrEqual 6
        foreach ($script in $scripts) {
            $errors = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput($script, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty -Because $script
        }
    }

    It 'names only parameters that our cmdlets have' {
        foreach ($block in $blocks -match 'CryoBackup ') {
            $tree = [System.Management.Automation.Language.Parser]::ParseInput($block, [ref] $null, [ref] $null)
            foreach ($command in $tree.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)) {
                if ($command.GetCommandName() -like '*-CryoBackup') {
                    $known = (Get-Command -Name $command.GetCommandName()).Parameters.Keys
                    $command.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] } |
                        ForEach-Object { $_.ParameterName | Should -BeIn $known }
                }
            }
        }
    }

    It 'has a configuration that is read, but for the log that only Windows has' {
        $file = Join-Path $TestDrive 'windows.yaml'
        Set-Content -LiteralPath $file -Value ("databases: [app]`n" + ($blocks -match '^(backup|local_backup_dir):' -join ''))
        $read = Test-CryoBackupConfiguration $file
        $read.Problems | Should -BeNullOrEmpty
        Add-Content -LiteralPath $file -Value 'event_log: true'
        $read = Test-CryoBackupConfiguration $file
        $read.IsValid | Should -Be $IsWindows
        if (-not $IsWindows) {
            $read.Problems.Message | Should -BeLike "*'event_log' is true, and only Windows has such a log*"
        }
    }

    if ($IsWindows) {
        It 'writes events that Windows shows' {
            Initialize-TestDatabase cryo_events
            $file = Join-Path $TestDrive 'events.yaml'
            Set-Content -LiteralPath $file -Value "databases: [cryo_events]`nlocal_backup_dir: '$(Join-Path $TestDrive 'events')'`nevent_log: true"
            $start = Get-Date
            $backup = New-CryoBackup -Config $file
            $backup.Warnings | Should -BeNullOrEmpty
            $found = Get-WinEvent -FilterHashtable @{ LogName = 'Application'; Id = 1000; StartTime = $start.AddSeconds(-1) } | Where-Object ProviderName -EQ CryoBackup
            ($found | Select-Object -First 1).Properties[0].Value | Should -BeLike "*$($backup.Path)*"
            Clear-TestDatabase cryo_events
        }
    }
}
