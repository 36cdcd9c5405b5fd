BeforeDiscovery {
    # The library that shows a process another clock.
    $library = Get-ChildItem -Path '/usr/lib/*/faketime/libfaketime.so.1', '/usr/lib64/faketime/libfaketime.so.1' -ErrorAction Ignore | Select-Object -First 1
    $skip = -not $library -and $env:CI -ne 'true'
    if (-not $library) {
        Write-Warning "NOT INSTALLED: faketime. $(if ($skip) { 'A month of nights is not tested here.' })"
    }
}

Describe 'A month of a scheduled script' -Skip:$skip -ForEach @(@{ Library = "$library" }) {
    BeforeAll {
        . $PSScriptRoot/TestSupport.ps1
        Initialize-TestDatabase cryo_month
        $folder = Join-Path $TestDrive 'backups'
        $config = Join-Path $TestDrive 'month.yaml'
        Set-Content -LiteralPath $config -Value "log_file: month.log`nmetrics_file: month.prom"

        # What a scheduler runs every night. PostgreSQL's programs keep the true clock.
        $script = Join-Path $TestDrive 'nightly.ps1'
        Set-Content -LiteralPath $script -Value @'
param([string] $Module, [string] $Folder, [string] $Config, [int] $Night, [string] $ReportPath)
$ErrorActionPreference = 'Stop'
Remove-Item Env:LD_PRELOAD
Import-Module $Module
if ($Night -gt 1) {
    Test-CryoBackup $Folder -Latest -Level Hash -MaxAge 26h -Config $Config | Where-Object Verdict -NE 'Passed'
}

$level = if ($Night % 7 -eq 0) { 'Restore' } else { 'Content' }
New-CryoBackup cryo_month $Folder -Config $Config | Test-CryoBackup -Level $level -Config $Config | Where-Object Verdict -NE 'Passed'
$null = Remove-CryoBackup $Folder -KeepDaily 7 -KeepWeekly 3 -KeepRehearsed 2 -TimeZone Europe/Berlin -Config $Config -Confirm:$false
if ($ReportPath) {
    $null = Test-CryoBackup $Folder -Level Hash -Config $Config -ReportPath $ReportPath 6>$null
}
'@

        # The 29th of February of a leap year lies in it, and the night in which summer time begins.
        $first = [datetimeoffset]::Parse('2024-02-28T02:00:00Z', [cultureinfo]::InvariantCulture)
        $nights = 35
        $began = [datetimeoffset]::UtcNow
        $page = Join-Path $TestDrive 'month.html'
        $env:NO_FAKE_STAT = '1'
        $said = try {
            foreach ($night in 1..$nights) {
                $env:FAKETIME = [string][long]($first.AddDays($night - 1) - $began).TotalSeconds
                $env:LD_PRELOAD = $Library
                Invoke-Shell -File $script $ModulePath $folder $config $night $(if ($night -eq $nights) { $page }) *>&1 | Out-String -Width 300
                $env:LD_PRELOAD = $null
                if ($LASTEXITCODE) {
                    "Night $night ended with $LASTEXITCODE."
                }
            }
        }
        finally {
            $env:FAKETIME = $env:LD_PRELOAD = $env:NO_FAKE_STAT = $null
        }

        $dates = '0324', '0326', '0327', '0328', '0329', '0330', '0331', '0401', '0402' | ForEach-Object { "2024$_" }
    }

    AfterAll {
        Clear-TestDatabase cryo_month
    }

    It 'says nothing, for every night is good and fresh' {
        -join $said | Should -BeNullOrEmpty
    }

    It 'leaves in the folder seven days, three weeks and two rehearsals, each whole' {
        $left = Get-ChildItem -LiteralPath $folder
        foreach ($kind in '.dump.gz', '.dump.gz.meta.json', '.dump.gz.proof.json') {
            @($left.Name -clike "*_full$kind" | ForEach-Object { $_.Split('_')[2] } | Sort-Object) | Should -Be $dates -Because $kind
        }

        $left | Where-Object Name -CNotMatch '^cryo_month_\d{8}_\d{6}_full\.dump\.gz(\.meta\.json|\.proof\.json)?$' | Should -BeNullOrEmpty
        $backups = Get-CryoBackup $folder
        @($backups | Where-Object Rehearsed | ForEach-Object { $_.Start.ToString('MMdd', [cultureinfo]::InvariantCulture) }) | Should -Be '0402', '0326'
        @($backups | Where-Object { -not $_.Proven }) | Should -BeNullOrEmpty
    }

    It 'tells of each night in the log, by the clock of that night' {
        $log = Get-Content -LiteralPath (Join-Path $TestDrive 'month.log')
        $days = $log | ForEach-Object { $_.Substring(0, 10) } | Select-Object -Unique
        $days | Should -Be @(0..($nights - 1) | ForEach-Object { $first.AddDays($_).ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture) })
        @($log -match 'Removed old backup: ').Count | Should -Be ($nights - $dates.Count)
    }

    It 'tells the metrics and the page what stands' {
        $metrics = Get-Content -LiteralPath (Join-Path $TestDrive 'month.prom') -Raw
        $metrics | Should -Match 'cryobackup_retention_frozen\{database="cryo_month"\} 0'
        $stamp = [double][regex]::Match($metrics, '(?m)^cryobackup_last_success_timestamp_seconds\{[^}]*\} (\S+)').Groups[1].Value
        [datetimeoffset]::FromUnixTimeSeconds([long]$stamp).UtcDateTime.ToString('yyyy-MM-dd', [cultureinfo]::InvariantCulture) | Should -Be '2024-04-02'
        $shown = Get-Content -LiteralPath $page -Raw
        $shown | Should -Match '2024-04-02'
        $shown | Should -Match 'cryo_month'
        $shown | Should -Match 'Passed'
    }
}
