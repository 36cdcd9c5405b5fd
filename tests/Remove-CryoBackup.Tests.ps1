BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_remove
    $folder = Join-Path $TestDrive 'backups'

    # Makes a backup older, as if a clock had gone on by so long since: its name and its manifest's time and checksum.
    function Move-Older([string] $Path, [timespan] $By) {
        $name = Split-Path -Leaf $Path
        $manifest = Get-Content -LiteralPath "$Path.meta.json" -Raw
        $start = [datetime]::Parse(($manifest | ConvertFrom-Json -DateKind String).timestamp, [cultureinfo]::InvariantCulture, 'AdjustToUniversal') - $By
        $older = [regex]::Replace($name, '_\d{8}_\d{6}_', "_$($start.ToString('yyyyMMdd_HHmmss', [cultureinfo]::InvariantCulture))_")
        $manifest = $manifest.Replace($name, $older) -creplace '"timestamp": "[^"]*"', "`"timestamp`": `"$($start.ToString('o', [cultureinfo]::InvariantCulture))`""
        $manifest = $manifest -creplace '"manifest_sha256": "[0-9a-f]{64}"', "`"manifest_sha256`": `"$('0' * 64)`""
        $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($manifest))).ToLowerInvariant()
        $manifest = $manifest -creplace '"manifest_sha256": "0{64}"', "`"manifest_sha256`": `"$hash`""
        $target = Join-Path (Split-Path -Parent $Path) $older
        Move-Item -LiteralPath $Path -Destination $target
        if (Test-Path -LiteralPath "$Path.proof.json") {
            (Get-Content -LiteralPath "$Path.proof.json" -Raw).Replace($name, $older) | Set-Content -LiteralPath "$target.proof.json" -NoNewline
            Remove-Item -LiteralPath "$Path.proof.json"
        }

        [IO.File]::WriteAllText("$target.meta.json", $manifest)
        Remove-Item -LiteralPath "$Path.meta.json"
        $target
    }

    # So many backups, of as many nights.
    function Add-Night([int] $Count) {
        foreach ($night in $Count..1) {
            $made = New-CryoBackup cryo_remove -Path $folder -WarningAction Ignore
            if ($night -gt 1) {
                $null = Move-Older $made.Path ([timespan]::FromDays($night - 1))
            }
        }
    }
}

AfterAll {
    Clear-TestDatabase cryo_remove
}

Describe 'Remove-CryoBackup' {
    BeforeEach {
        Remove-Item -LiteralPath $folder -Recurse -Force -ErrorAction Ignore
    }

    It 'has these parameters' {
        (Get-Command Remove-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object | Should -Be @(
            'Config', 'Database', 'FirstDayOfWeek', 'Force', 'KeepDaily', 'KeepHourly', 'KeepLast', 'KeepMonthly', 'KeepRehearsed',
            'KeepWeekly', 'KeepWithin', 'KeepYearly', 'LiteralPath', 'OlderThan', 'Path', 'TimeZone')
    }

    It 'holds by every rule that it is given, and says by which' {
        Add-Night 3
        $rules = @{
            KeepLast = 1; KeepHourly = 1; KeepDaily = 2; KeepWeekly = 1; KeepMonthly = 1; KeepYearly = 1; KeepWithin = '1h'; KeepRehearsed = 1
            TimeZone = 'Europe/Berlin'; FirstDayOfWeek = 'Sunday'
        }
        $plan = Remove-CryoBackup $folder @rules -WhatIf
        $plan.Count | Should -Be 3
        foreach ($word in 'last', 'hour', 'day', 'week', 'month', 'year', '1h') {
            $plan[0].Reasons -join '; ' | Should -Match $word
        }

        $plan[1].Reasons -join '; ' | Should -Match 'day'
        (Remove-CryoBackup -LiteralPath $folder -Database cryo_remove -KeepLast 1 -OlderThan 36h -WhatIf).Count | Should -Be 3
    }

    It 'plans with -WhatIf what it then does, and nothing else' {
        Add-Night 4
        $before = Get-ChildItem -LiteralPath $folder | ForEach-Object Name
        $plan = Remove-CryoBackup $folder -KeepLast 2 -WhatIf
        Get-ChildItem -LiteralPath $folder | ForEach-Object Name | Should -Be $before
        $plan.Action | Should -Be @('Keep', 'Keep', 'Remove', 'Remove')
        $plan[0].Reasons | Should -Contain 'the newest'
        $plan[3].Reasons | Should -Be 'no rule keeps it'
        $done = Remove-CryoBackup $folder -KeepLast 2 -Confirm:$false
        $done.Action | Should -Be @('Keep', 'Keep', 'Removed', 'Removed')
        $done.Path | Should -Be $plan.Path
        (Get-CryoBackup $folder).Path | Should -Be $plan[0, 1].Path
    }

    It 'refuses a folder without a rule' {
        Add-Night 1
        { Remove-CryoBackup $folder -Confirm:$false } |
            Should -Throw -ErrorId 'ConfigurationInvalid,CryoBackup.Commands.RemoveCryoBackupCommand' -ExpectedMessage '*Nothing says what*'
    }

    It 'removes single backups of the pipeline, but for those that always stay' {
        Add-Night 3
        $done = Get-CryoBackup $folder | Remove-CryoBackup -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue
        $done.Action | Should -Be @('Blocked', 'Removed', 'Removed')
        $warnings[0] | Should -BeLike '*the newest*-Force*'
        ($done[0] | Remove-CryoBackup -Force -Confirm:$false).Action | Should -Be 'Removed'
        Get-ChildItem -LiteralPath $folder | Should -BeNullOrEmpty
    }

    It 'honours a hold, which Get shows' {
        Add-Night 3
        $oldest = Get-CryoBackup $folder | Select-Object -Last 1
        ($oldest | Protect-CryoBackup -Reason 'an audit' -Until (Get-Date).AddDays(2)).Hold | Should -BeLike 'held until *: an audit'
        (Get-CryoBackup $folder | Where-Object Hold).Path | Should -Be $oldest.Path
        @(Remove-CryoBackup $folder -KeepLast 1 -Confirm:$false | Where-Object Action -EQ 'Removed').Count | Should -Be 1
        ($oldest | Unprotect-CryoBackup -Confirm:$false).Hold | Should -BeNullOrEmpty
        (Remove-CryoBackup $folder -KeepLast 1 -Confirm:$false | Where-Object Action -EQ 'Removed').Path | Should -Be $oldest.Path
    }

    It 'changes no hold with -WhatIf' {
        Add-Night 1
        Get-CryoBackup $folder | Protect-CryoBackup -WhatIf | Should -BeNullOrEmpty
        (Get-CryoBackup $folder).Hold | Should -BeNullOrEmpty
    }

    It 'says so where nothing came' {
        $null | ForEach-Object { } | Remove-CryoBackup -KeepLast 1 -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeLike 'Nothing came through the pipeline*'
    }

    It 'takes the rules of the configuration, and tells log and metrics' {
        Add-Night 3
        $config = Join-Path $TestDrive 'remove.yaml'
        Set-Content -LiteralPath $config -Value "retention: {keep_last: 1}`nlog_file: x.log`nmetrics_file: x.prom"
        (Remove-CryoBackup $folder -Config $config -Confirm:$false).Action | Should -Be @('Keep', 'Removed', 'Removed')
        Get-Content -LiteralPath (Join-Path $TestDrive 'x.log') -Raw | Should -Match 'Removed old backup: .*cryo_remove'
        Get-Content -LiteralPath (Join-Path $TestDrive 'x.prom') -Raw | Should -Match 'cryobackup_last_removed_backups\{database="cryo_remove"\} 2'
    }
}
