BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_get
    $folder = Join-Path $TestDrive 'backups'
    $first = New-CryoBackup cryo_get -Path $folder
    # File names bear the second.
    Start-Sleep -Seconds 1
    $second = New-CryoBackup cryo_get -Path $folder
    $other = New-CryoBackup postgres -Path $folder
}

AfterAll {
    Clear-TestDatabase cryo_get
}

Describe 'Get-CryoBackup' {
    It 'has these parameters' {
        (Get-Command Get-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object |
            Should -Be @('All', 'Before', 'Config', 'Database', 'Degraded', 'Identity', 'Latest', 'LiteralPath', 'Partial', 'Path', 'Proven', 'Recurse', 'Rehearsed', 'ReportPath', 'Server', 'Since')
    }

    It 'lists a folder, newest first' {
        (Get-CryoBackup $folder).Path | Should -Be @($other.Path, $second.Path, $first.Path)
    }

    It 'tells of a backup what New-CryoBackup told' {
        $found = Get-CryoBackup $folder -Database cryo_get -Latest
        foreach ($property in $second.PSObject.Properties.Name | Where-Object { $_ -notin 'Tables', 'Warnings' }) {
            $found.$property | Should -Be $second.$property -Because "$property must be the same"
        }

        $found.Tables.Fingerprint | Should -Be $second.Tables.Fingerprint
    }

    It 'narrows a listing by what is known of each backup' {
        @(Get-CryoBackup -LiteralPath $folder -Proven).Count | Should -Be 3
        @(Get-CryoBackup $folder -Since 1h).Count | Should -Be 3
        @(Get-CryoBackup $folder -All).Count | Should -Be 3
        foreach ($none in @{ Before = '1h' }, @{ Rehearsed = $true }, @{ Degraded = $true }, @{ Partial = $true }, @{ Server = 'no such*' }) {
            Get-CryoBackup $folder @none -WarningAction SilentlyContinue | Should -BeNullOrEmpty -Because "$($none.Keys) says so"
        }
    }

    It 'selects by database, with wildcards' {
        (Get-CryoBackup $folder -Database 'cryo_*').Path | Should -Be @($second.Path, $first.Path)
        Get-CryoBackup $folder -Database 'nothing*' | Should -BeNullOrEmpty
    }

    It 'names a database that has no backup, as an error' {
        (Get-CryoBackup $folder -Database postgres, nothing -ErrorVariable problems -ErrorAction SilentlyContinue).Path | Should -Be $other.Path
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'BackupNotFound,CryoBackup.Commands.GetCryoBackupCommand'
        "$($problems[0])" | Should -BeLike "*holds no backup of 'nothing'."
    }

    It 'says of a folder without a backup that it holds none' {
        $empty = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'nothing in here')).FullName
        Get-CryoBackup $empty -Latest -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$warnings" | Should -BeLike "'$empty' holds no backup*"
    }

    It 'gives the newest of each database with -Latest' {
        (Get-CryoBackup $folder -Latest).Path | Sort-Object | Should -Be (@($second.Path, $other.Path) | Sort-Object)
    }

    It 'lists the current location without a path' {
        Push-Location -LiteralPath $folder
        try {
            @(Get-CryoBackup).Count | Should -Be 3
        }
        finally {
            Pop-Location
        }
    }

    It 'takes folders from the pipeline' {
        @(Get-Item -LiteralPath $folder | Get-CryoBackup).Count | Should -Be 3
        @($folder | Get-CryoBackup).Count | Should -Be 3
    }

    It 'gives nothing for a folder without backups' {
        $empty = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'empty')
        Get-CryoBackup $empty -ErrorVariable problems | Should -BeNullOrEmpty
        $problems | Should -BeNullOrEmpty
    }

    It 'warns of a manifest that cannot be read, and lists the others' {
        $damaged = Join-Path $TestDrive 'damaged'
        Copy-Item -LiteralPath $folder -Destination $damaged -Recurse
        Set-Content -LiteralPath (Join-Path $damaged (Split-Path $first.ManifestPath -Leaf)) -Value '{ not JSON'
        $found = Get-CryoBackup $damaged -WarningVariable warnings -WarningAction SilentlyContinue
        @($found).Count | Should -Be 2
        $warnings.Count | Should -Be 1
    }

    It 'lets no name act on the terminal' {
        # What a terminal would obey: an escape sequence, a C1 one, a direction mark, a line break that forges a line.
        $name = "a`u{1b}[2J`u{9b}31m`u{202e}b`nWARNING: forged"
        $hostile = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'hostile')
        $file = Join-Path $hostile 'a_20260131_120000_full.dump'
        Set-Content -LiteralPath $file -Value PGDMP
        @{ timestamp = '2026-01-31T12:00:00'; database = $name; backup_file = Split-Path $file -Leaf; size_bytes = 6 } |
            ConvertTo-Json | Set-Content -LiteralPath "$file.meta.json"
        $found = Get-CryoBackup $hostile
        $found.Database | Should -BeExactly $name -Because 'objects keep the raw values'
        $shown = @(
            $found | Format-Table | Out-String -Width 400
            $found | Format-List | Out-String -Width 400
            Test-CryoBackup $file | Format-Table | Out-String -Width 400
            New-CryoBackup $name -Path $hostile -ErrorAction SilentlyContinue -ErrorVariable problems
            $problems[0].ErrorDetails.Message
            Get-CryoBackup (Join-Path $hostile "no$name") -ErrorAction SilentlyContinue -ErrorVariable missing
            $missing[0].ErrorDetails.Message
        ) -join "`n"
        # PowerShell's own colours are no one's name.
        $shown = $shown -replace "`u{1b}\[[0-9;]*m"
        $shown | Should -Not -Match "[`u{1b}`u{9b}`u{202e}]"
        $shown | Should -Not -Match '(?m)^WARNING: forged'
        $shown | Should -Match ([regex]::Escape('a\x1B[2J\x9B31m\u202Eb\nWARNING: forged'))
    }

    It 'selects by time: a moment, or how long ago' {
        (Get-CryoBackup $folder -Since $second.Start).Path | Should -Be @($other.Path, $second.Path)
        (Get-CryoBackup $folder -Before $second.Start).Path | Should -Be $first.Path
        (Get-CryoBackup $folder -Since $first.Start.ToLocalTime() -Before $second.Start).Path | Should -Be $first.Path
        @(Get-CryoBackup $folder -Since 1h).Count | Should -Be 3
        @(Get-CryoBackup $folder -Since $first.Start.ToString('yyyy-MM-dd HH:mm:ssK')).Count | Should -Be 3
        @(Get-CryoBackup $folder -Since 7d).Count | Should -Be 3
        Get-CryoBackup $folder -Before 1h | Should -BeNullOrEmpty
        { Get-CryoBackup $folder -Since 7 } | Should -Throw '*no point in time*7d*'
        { Get-CryoBackup $folder -Since 'last week' } | Should -Throw '*no point in time*'
    }

    It 'selects by server, and tells sources apart' {
        @(Get-CryoBackup $folder -Server $env:PGHOST).Count | Should -Be 3
        @(Get-CryoBackup $folder -Server $first.SystemIdentifier).Count | Should -Be 3
        $first.Source | Should -Be $first.SystemIdentifier
        Get-CryoBackup $folder -Server elsewhere* | Should -BeNullOrEmpty
        Get-CryoBackup $folder -Database cryo_get -Server elsewhere -ErrorVariable problems -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        "$problems" | Should -BeLike "*holds no such backup of 'cryo_get'*"
    }

    It 'lists the folders below as one list' {
        $root = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'tree')
        $null = Copy-Backup $first (Join-Path $root 'old/er')
        $null = Copy-Backup $second (Join-Path $root 'new')
        Get-CryoBackup $root -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        (Get-CryoBackup $root -Recurse).Start | Should -Be @($second.Start, $first.Start)
        @(Get-CryoBackup $root -Recurse -Latest).Count | Should -Be 1
    }

    It 'shows with -All what is no complete backup, as what it is' {
        $mixed = Join-Path $TestDrive 'mixed'
        $null = Copy-Backup $first $mixed
        Remove-Item -LiteralPath (Copy-Backup $second $mixed)
        $bare = Copy-Backup $other $mixed
        Remove-Item -LiteralPath "$bare.meta.json"
        $found = Get-CryoBackup $mixed -WarningVariable warnings -WarningAction SilentlyContinue
        $found.Start | Should -Be $first.Start
        $warnings.Count | Should -Be 1
        $all = Get-CryoBackup $mixed -All -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        "$($all.State | Sort-Object)" | Should -Be 'Complete FileMissing ManifestMissing'
        ($all | Where-Object State -EQ ManifestMissing).Size | Should -Be $other.Size
        "$(($all | Group-Object State -NoElement | Sort-Object Name).Name)" | Should -Be 'Complete FileMissing ManifestMissing'
    }

    It 'gives what groups, adds up and sorts' {
        $found = Get-CryoBackup $folder
        $found | Group-Object Source, Database | Sort-Object Count | ForEach-Object Count | Should -Be @(1, 2)
        ($found | Measure-Object Size -Sum).Sum | Should -Be ($first.Size + $second.Size + $other.Size)
        ($found | Measure-Object RowCount -Maximum).Maximum | Should -Be $first.RowCount
        ($found | Sort-Object Start).Path | Should -Be @($first.Path, $second.Path, $other.Path)
    }

    It 'reports a folder that is not there, and goes on with the next' {
        $missing = Join-Path $TestDrive 'missing'
        $found = Get-CryoBackup $missing, $folder -ErrorVariable problems -ErrorAction SilentlyContinue
        @($found).Count | Should -Be 3
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'BackupNotFound,CryoBackup.Commands.GetCryoBackupCommand'
        $problems[0].TargetObject | Should -Be $missing
    }
}
