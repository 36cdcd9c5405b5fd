BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Clear-TestDatabase cryoprotect_copy
    $folder = Join-Path $TestDrive 'backups'
}

AfterAll {
    Clear-TestDatabase cryoprotect_copy
}

Describe 'The line' {
    BeforeAll {
        $restored = New-CryoBackup cryoprotect -Path $folder | Test-CryoBackup | Where-Object IsValid | Restore-CryoBackup -TargetDatabase cryoprotect_copy -Create
        $backup = Get-CryoBackup $folder -Latest
        $verified = $backup | Test-CryoBackup
    }

    It 'ends in a restored database, every table the same' {
        $restored.Status | Should -Be 'Restored'
        $restored.SourceDatabase | Should -Be 'cryoprotect'
        $restored.Tables.Count | Should -BeGreaterThan 0
        $restored.Tables.Matches | Should -Not -Contain $false
    }

    It 'gives a database that pg_dump writes as the same text' {
        Get-DumpText cryoprotect_copy | Should -BeExactly (Get-DumpText cryoprotect)
    }

    It 'shows <What> within 120 columns, under its own headings' -ForEach @(
        @{ What = 'a backup'; Shown = { $backup }; Headings = 'Proof', 'Size', 'Rows', 'File' }
        @{ What = 'a verification'; Shown = { $verified }; Headings = 'Verdict', 'Level', 'Duration', 'Backup' }
        @{ What = 'a restore'; Shown = { $restored }; Headings = 'Status', 'TargetDatabase', 'Duration', 'File' }
        @{ What = 'checks'; Shown = { $verified.Checks }; Headings = 'Name', 'Outcome', 'Duration', 'Detail' }
        @{ What = 'tables'; Shown = { $backup.Tables }; Headings = 'Schema', 'Name', 'Rows', 'Size', 'Fingerprint' }
        @{ What = 'comparisons'; Shown = { $verified.Tables }; Headings = 'Schema', 'Name', 'ExpectedRows', 'FoundRows', 'Matches' }
    ) {
        $lines = (& $Shown | Out-String -Width 120).Split([Environment]::NewLine)
        ($lines | ForEach-Object { $_.TrimEnd().Length } | Measure-Object -Maximum).Maximum | Should -BeLessOrEqual 120
        ($lines | Where-Object { $_.Trim() } | Select-Object -First 1).Trim() -split '\s+' | Should -Be $Headings
    }

    It 'breaks a reason between words only' {
        $missing = Test-CryoBackup -LiteralPath (Join-Path $TestDrive 'a folder that is there no more' 'app_20260131_010000_full.dump.gz')
        $words = $missing.Reason -split ' ' | Where-Object { $_ -notlike '*/*' -and $_ -notlike '*\*' }
        $words.Count | Should -BeGreaterThan 4
        foreach ($width in 80, 120) {
            $shown = ($missing | Out-String -Width $width) -split '\s+'
            $words | Where-Object { $_ -notin $shown } | Should -BeNullOrEmpty -Because "the console is $width columns wide"
        }
    }

    It 'colours how it ended where $PSStyle lets it' {
        $before = $PSStyle.OutputRendering
        try {
            foreach ($rendering in 'Ansi', 'PlainText') {
                $PSStyle.OutputRendering = $rendering
                ($verified | Out-String).Contains("$($PSStyle.Foreground.Green)Passed$($PSStyle.Reset)") | Should -Be ($rendering -eq 'Ansi')
            }
        }
        finally {
            $PSStyle.OutputRendering = $before
        }
    }

    It 'shows a <What> on one line of 80 columns, what it is worth first, and its file' -ForEach @(
        @{ What = 'backup'; Shown = { $backup }; First = 'Proven' }
        @{ What = 'verification'; Shown = { $verified }; First = 'Passed' }
        @{ What = 'restore'; Shown = { $restored }; First = 'Restored' }
    ) {
        $lines = @(& $Shown | Out-String -Width 80 | ForEach-Object { $_ -split '\r?\n' } | Where-Object { $_.Trim() })
        $lines.Count | Should -Be 3 -Because ($lines -join "`n")
        $lines[2] -replace '\x1b\[[0-9;]*m' | Should -Match "^$First .* $([regex]::Escape((Split-Path $backup.Path -Leaf)))$"
    }

    It 'sums up several verifications for whoever sits there, failed ones first, and not in the output' {
        $folder = Join-Path $TestDrive 'summed up'
        $null = Copy-Backup $backup $folder
        $bad = Join-Path $folder 'app_20260131_010000_full.dump.gz'
        Set-Content -LiteralPath $bad -Value 'bad'
        $results = Test-CryoBackup $folder -InformationVariable said 6>$null
        $results.Count | Should -Be 2
        "$said" -split '\r?\n' | Should -Be @('1 passed, 1 failed', "Failed: $(Split-Path $bad -Leaf)")
        Test-CryoBackup $folder -Quiet -InformationVariable said 6>$null | Should -Be @($false, $true)
        $said | Should -BeNullOrEmpty
        $shown = $results | Where-Object IsValid -EQ $false | Out-String -Width 80
        $shown | Should -Match 'Failed .* app_20260131_010000_full\.dump\.gz'
        $shown | Should -Match 'begins neither' -Because 'the reason stands below'
    }

    It 'writes numbers in one form' {
        [CryoBackup.Commands.Display]::Count(1234567) | Should -Be '1,234,567'
        $backup | Format-Table | Out-String -Width 80 | Should -Match " $([regex]::Escape($backup.RowCount.ToString('N0', [cultureinfo]::InvariantCulture))) "
    }

    It 'emits objects that survive CLIXML, JSON and Select-Object' {
        $file = Join-Path $TestDrive 'objects.xml'
        $backup, $verified, $restored | Export-Clixml -LiteralPath $file
        $backupAgain, $verifiedAgain, $restoredAgain = Import-Clixml -LiteralPath $file
        $backupAgain.Start | Should -Be $backup.Start
        $backupAgain.Size | Should -Be $backup.Size
        $backupAgain.Duration | Should -Be $backup.Duration
        $backupAgain.Tables.Count | Should -Be $backup.Tables.Count
        $backupAgain.Tables[0].Fingerprint | Should -Be $backup.Tables[0].Fingerprint
        $verifiedAgain.Verdict.ToString() | Should -Be 'Passed'
        $verifiedAgain.IsValid | Should -BeTrue
        $restoredAgain.Status.ToString() | Should -Be 'Restored'

        foreach ($object in $backup, $verified, $restored) {
            $json = $object | ConvertTo-Json -Depth 4 -WarningAction Stop
            ($json | ConvertFrom-Json).Path | Should -Be $object.Path
        }

        ($backup | Select-Object -Property Database, Size, Path).Size | Should -Be $backup.Size
        ($backup | Select-Object -Property Path, @{ Name = 'PSPath'; Expression = 'Path' } | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }

    It 'opens with stock tools alone' {
        Clear-TestDatabase cryoprotect_copy
        Invoke-Sql 'CREATE DATABASE cryoprotect_copy TEMPLATE template0'
        $archive = Join-Path $TestDrive 'stock.dump'
        $file = [System.IO.File]::OpenRead($backup.Path)
        $gzip = [System.IO.Compression.GZipStream]::new($file, [System.IO.Compression.CompressionMode]::Decompress)
        $plain = [System.IO.File]::Create($archive)
        $gzip.CopyTo($plain)
        $plain.Dispose(); $gzip.Dispose(); $file.Dispose()
        & (Get-PgTool 'pg_restore') --exit-on-error -d cryoprotect_copy $archive
        $LASTEXITCODE | Should -Be 0
        Get-DumpText cryoprotect_copy | Should -BeExactly (Get-DumpText cryoprotect)
    }

    It 'opens with the line that the manifest prints' -Skip:$IsWindows {
        Clear-TestDatabase cryoprotect_copy
        Invoke-Sql 'CREATE DATABASE cryoprotect_copy TEMPLATE template0'
        $line = (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).open_with
        $line | Should -BeLike '*-d NAME*'
        $path = $env:PATH
        Push-Location -LiteralPath $folder
        try {
            $env:PATH = $path + [System.IO.Path]::PathSeparator + (Split-Path -Path (Get-PgTool 'pg_restore'))
            & sh -c $line.Replace('NAME', 'cryoprotect_copy', [System.StringComparison]::Ordinal)
            $LASTEXITCODE | Should -Be 0
        }
        finally {
            Pop-Location
            $env:PATH = $path
        }

        Get-DumpText cryoprotect_copy | Should -BeExactly (Get-DumpText cryoprotect)
    }

    It 'opens with the line that the manifest prints for PowerShell (<_>)' -ForEach 'Gzip', 'Zstd', 'None' {
        Clear-TestDatabase cryoprotect_copy
        Invoke-Sql 'CREATE DATABASE cryoprotect_copy TEMPLATE template0'
        $other = if ($_ -eq 'Gzip') { $backup } else { New-CryoBackup cryoprotect -Path (Join-Path $TestDrive "by $_") -Compression $_ }
        $line = (Get-Content -LiteralPath $other.ManifestPath -Raw | ConvertFrom-Json).open_with_powershell
        $path = $env:PATH
        Push-Location -LiteralPath (Split-Path -Path $other.Path)
        try {
            $env:PATH = (Split-Path -Path (Get-PgTool 'pg_restore')) + [System.IO.Path]::PathSeparator + $path
            $said = Invoke-Shell -Command $line.Replace('NAME', 'cryoprotect_copy', [System.StringComparison]::Ordinal)
            $said | Should -Be $(if ($_ -eq 'Gzip') { '0' })
            $LASTEXITCODE | Should -Be 0
        }
        finally {
            Pop-Location
            $env:PATH = $path
        }

        Get-DumpText cryoprotect_copy | Should -BeExactly (Get-DumpText cryoprotect)
    }
}
