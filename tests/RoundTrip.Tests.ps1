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
        @{ What = 'a backup'; Shown = { $backup }; Headings = 'Database', 'Start', 'Duration', 'Size', 'Rows', 'Path' }
        @{ What = 'a verification'; Shown = { $verified }; Headings = 'Database', 'Level', 'Verdict', 'Duration', 'Reason', 'Path' }
        @{ What = 'a restore'; Shown = { $restored }; Headings = 'TargetDatabase', 'Status', 'Mode', 'Duration', 'Tables', 'Rows', 'Path' }
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

    It 'shows a path of any length to its end' {
        $text = $backup | Out-String -Width 120
        $text -replace '\s', '' | Should -BeLike "*$([WildcardPattern]::Escape(($backup.Path -replace '\s', '')))*"
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
}
