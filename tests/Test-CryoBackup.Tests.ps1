BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_test
    $backup = New-CryoBackup cryo_test -Path (Join-Path $TestDrive 'backups')
}

AfterAll {
    Clear-TestDatabase cryo_test
}

Describe 'Test-CryoBackup' {
    It 'has these parameters' {
        (Get-Command Test-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object |
            Should -Be @('AllowSuperuser', 'ComputerName', 'Config', 'Credential', 'Database', 'Force', 'Identity', 'Keep', 'Latest', 'Level', 'LiteralPath', 'Locale', 'MaxAge', 'MaxRestoreTime', 'Path', 'Port',
            'Quiet', 'ReportPath', 'Sample', 'ServerPath', 'SslMode', 'ThrottleLimit', 'Timeout')
    }

    It 'passes a good backup at level <Level>' -ForEach @(@{ Level = 'Hash' }, @{ Level = 'Content' }) {
        $result = Test-CryoBackup $backup.Path -Level $Level
        $result.Verdict | Should -Be 'Passed'
        $result.IsValid | Should -BeTrue
        $result.Level | Should -Be $Level
        $result.Database | Should -Be 'cryo_test'
        $result.Path | Should -Be $backup.Path
        $result.Checks | Where-Object { -not $_.Passed -and $_.Outcome -ne 'NotRun' } | Should -BeNullOrEmpty
    }

    It 'reads a part at a time with -Sample, and finds a damaged byte in the run that reads it' {
        $folder = Join-Path $TestDrive 'sampled'
        Invoke-Sql "CREATE TABLE noise AS SELECT md5(i::text) || md5((-i)::text) AS a FROM generate_series(1, 40000) AS i" cryo_test
        try {
            $large = New-CryoBackup cryo_test -Path $folder
        }
        finally {
            Invoke-Sql 'DROP TABLE noise' cryo_test
        }

        $covered = 0
        for ($run = 1; $covered -lt 1; $run++) {
            $run | Should -BeLessOrEqual 10
            $result = Test-CryoBackup $large.Path -Sample 10%
            $result.Verdict | Should -Be 'Passed'
            $result.Level, $result.Sample | Should -Be 'Hash', 10
            $result.Covered | Should -BeGreaterThan $covered
            $covered = $result.Covered
        }

        ($result | Out-String) | Should -BeLike '*Hash 10%*'
        $bytes = [IO.File]::ReadAllBytes($large.Path)
        $bytes[700000] = $bytes[700000] -bxor 1
        $time = (Get-Item -LiteralPath $large.Path).LastWriteTimeUtc
        [IO.File]::WriteAllBytes($large.Path, $bytes)
        (Get-Item -LiteralPath $large.Path).LastWriteTimeUtc = $time
        $verdicts = do {
            $result = Test-CryoBackup $folder -Sample 10
            $result.Verdict
        } until ($result.Covered -eq 1)
        # And each run after it reads that again.
        $failed = @($verdicts -eq 'Failed').Count
        $failed | Should -BeGreaterThan 0
        @($verdicts | Select-Object -Last $failed) | Should -Not -Contain 'Passed'
        (Get-CryoBackup $folder).Disproven | Should -Not -BeNullOrEmpty
        & (Join-Path $PSScriptRoot '../output/tool/cryobackup') test $folder --sample 99% --quiet
        $LASTEXITCODE | Should -Be 3
    }

    It 'refuses -Sample <Value>' -ForEach @(@{ Value = '0%' }, @{ Value = '100%' }, @{ Value = 'some' }, @{ Value = 0.5 }, @{ Value = -1 }) {
        { Test-CryoBackup $backup.Path -Sample $Value } | Should -Throw '*whole number of percent from 1% to 99%*'
    }

    It 'refuses -Sample with another level or an age' {
        { Test-CryoBackup $backup.Path -Sample 5% -Level Content } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
        { Test-CryoBackup $backup.Path -Sample 5% -MaxAge 1h } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
    }

    It 'writes one report of many backups, and none over another' {
        $report = Join-Path $TestDrive 'proof.json'
        $results = Test-CryoBackup $backup.Path, (Join-Path $TestDrive 'missing.dump.gz') -ReportPath $report
        $results.ReportPath | Select-Object -Unique | Should -Be $report
        $read = Get-Content -LiteralPath $report -Raw | ConvertFrom-Json
        $read.total_backups, $read.passed, $read.failed | Should -Be 2, 1, 1
        { Test-CryoBackup $backup.Path -ReportPath $report -ErrorAction Stop } | Should -Throw -ErrorId 'DestinationNotWritable,*'
    }

    It 'compares each table with the manifest' {
        $tables = (Test-CryoBackup $backup.Path).Tables
        $tables.Count | Should -Be 2
        $tables.Matches | Should -Not -Contain $false
        ($tables | Where-Object Name -EQ 'sample').FoundRows | Should -Be 500
    }

    It 'takes <What> from the pipeline' -ForEach @(
        @{ What = 'what New-CryoBackup emits'; Piped = { $backup } }
        @{ What = 'what Get-CryoBackup emits'; Piped = { Get-CryoBackup (Split-Path $backup.Path) } }
        @{ What = 'a file'; Piped = { Get-Item -LiteralPath $backup.Path } }
        @{ What = 'a string'; Piped = { $backup.Path } }
        @{ What = 'a backup read back from CLIXML'; Piped = { $file = Join-Path $TestDrive 'b.xml'; $backup | Export-Clixml -LiteralPath $file; Import-Clixml -LiteralPath $file } }
    ) {
        $result = & $Piped | Test-CryoBackup
        $result.Verdict | Should -Be 'Passed'
        $result.Path | Should -Be $backup.Path
    }

    It 'with -Quiet gives a plain true or false' {
        Test-CryoBackup $backup.Path -Quiet | Should -BeExactly $true
        Test-CryoBackup (Join-Path $TestDrive 'missing.dump.gz') -Quiet | Should -BeExactly $false
        Test-CryoBackup "$TestDrive/none*" -Quiet | Should -BeExactly $false
    }

    It 'says of a missing file that it failed, without an error' {
        $missing = Join-Path $TestDrive 'missing.dump.gz'
        $result = Test-CryoBackup $missing -ErrorVariable problems
        $problems | Should -BeNullOrEmpty
        @($result).Count | Should -Be 1
        $result.Verdict | Should -Be 'Failed'
        $result.Path | Should -Be $missing
        $result.Reason | Should -Not -BeNullOrEmpty
        ($result.Checks | Where-Object Outcome -EQ 'Failed')[0].Name | Should -Be 'file_integrity'
    }

    It 'says of a wildcard that matches nothing that it failed' {
        $result = Test-CryoBackup "$TestDrive/none*.gz"
        $result.Verdict | Should -Be 'Failed'
        $result.Path | Should -BeLike '*none`*.gz'
    }

    It 'names the check that <What> fails' -ForEach @(
        @{ What = 'a file of the wrong kind'; Harm = { param($File) Set-Content -LiteralPath $File -Value ('This is not a backup. ' * 100) } }
        @{ What = 'an empty file'; Harm = { param($File) Clear-Content -LiteralPath $File } }
        @{ What = 'a truncated file'; Harm = { param($File) $bytes = [System.IO.File]::ReadAllBytes($File); [System.IO.File]::WriteAllBytes($File, $bytes[0..([int] ($bytes.Length * 0.6))]) } }
        @{ What = 'a file with one byte changed'; Harm = { param($File) Edit-OneByte $File } }
        @{ What = 'a manifest with one byte changed'; Harm = { param($File) $manifest = Get-ChildItem -LiteralPath (Split-Path $File) -Filter *.meta.json; Edit-OneByte $manifest.FullName 0.4 } }
        @{ What = 'a lost file whose manifest is there'; Harm = { param($File) Remove-Item -LiteralPath $File } }
    ) {
        foreach ($level in 'Hash', 'Content') {
            $file = Copy-Backup $backup (Join-Path $TestDrive "$What $level")
            & $Harm $file
            $result = Test-CryoBackup -LiteralPath $file -Level $level -ErrorVariable problems
            $problems | Should -BeNullOrEmpty
            $result.Verdict | Should -Be 'Failed'
            $result.IsValid | Should -BeFalse
            @($result.Checks | Where-Object Outcome -EQ 'Failed').Count | Should -BeGreaterThan 0
            $result.Reason | Should -Not -BeNullOrEmpty
        }
    }

    It 'tests each backup of a folder, and misses a lost one' {
        $folder = Join-Path $TestDrive 'folder [of] many'
        $good = Copy-Backup $backup $folder
        $lost = $good.Replace('cryo_test', 'cryo_lost', [System.StringComparison]::Ordinal)
        $lostManifest = (Join-Path $folder (Split-Path $backup.ManifestPath -Leaf)).Replace('cryo_test', 'cryo_lost', [System.StringComparison]::Ordinal)
        Copy-Item -LiteralPath $backup.ManifestPath -Destination $lostManifest
        Set-Content -LiteralPath "$good.partial" -Value 'unfinished'

        $results = Test-CryoBackup -LiteralPath $folder
        $results.Count | Should -Be 2
        ($results | Where-Object Path -EQ $good).Verdict | Should -Be 'Passed'
        $other = $results | Where-Object Path -NE $good
        $other.Verdict | Should -Be 'Failed'
        $lost | Should -BeLike "$([WildcardPattern]::Escape($other.Path))*"
    }

    It 'expands wildcards to backups only' {
        $folder = Join-Path $TestDrive 'wild'
        $file = Copy-Backup $backup $folder
        (Test-CryoBackup "$folder/*").Path | Should -Be $file
        (Test-CryoBackup "$folder/*.dump*").Path | Should -Be $file
    }

    It 'takes a manifest for its backup, and a listing with both for one' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'listing')
        (Test-CryoBackup -LiteralPath "$file.meta.json").Path | Should -Be $file
        $results = Get-ChildItem -LiteralPath (Split-Path -Path $file) | Test-CryoBackup
        @($results).Count | Should -Be 1
        $results.Verdict | Should -Be 'Passed'
    }

    It 'takes -LiteralPath as it is written' {
        $folder = Join-Path $TestDrive 'literal [a]'
        $file = Copy-Backup $backup $folder
        (Test-CryoBackup -LiteralPath $file).Verdict | Should -Be 'Passed'
        (Get-Item -LiteralPath $file | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }

    It 'reports <What> and goes on with the next' -ForEach @(
        @{ What = 'a drive that is not there'; Bad = 'nosuchdrive:/x' }
        @{ What = 'a path of another provider'; Bad = 'env:PATH' }
    ) {
        $result = $Bad, $backup.Path | Test-CryoBackup -ErrorVariable problems -ErrorAction SilentlyContinue
        $result.Verdict | Should -Be 'Passed'
        $problems.Count | Should -Be 1
        $problems[0].FullyQualifiedErrorId | Should -Be 'BackupNotFound,CryoBackup.Commands.TestCryoBackupCommand'
    }

    It 'says of <What> that each database asked for failed, never nothing' -ForEach @(
        @{ What = 'an empty folder'; Folder = 'nothing in here'; Reason = '*holds no backup*' }
        @{ What = 'a folder that is not there, as a share that is not mounted'; Folder = 'not mounted'; Reason = '*does not exist.' }
    ) {
        $null = New-Item -ItemType Directory -Path 'TestDrive:/nothing in here' -Force
        foreach ($how in @{}, @{ MaxAge = '26h' }) {
            $results = Test-CryoBackup "TestDrive:/$Folder" -Database app, crm -ErrorVariable problems @how
            $problems | Should -BeNullOrEmpty
            $results.Database | Should -Be 'app', 'crm'
            $results.Verdict | Should -Be 'Failed', 'Failed'
            $results.Reason | Should -BeLike $Reason
            $results.ErrorId | Should -Be 'BackupNotFound', 'BackupNotFound'
            (Test-CryoBackup "TestDrive:/$Folder" -MaxAge 26h).Verdict | Should -Be 'Failed'
            Test-CryoBackup "TestDrive:/$Folder" -MaxAge 26h -Quiet | Should -BeExactly $false
        }
    }

    It 'says so where nothing comes through the pipeline' {
        @() | Test-CryoBackup -WarningVariable warnings -WarningAction SilentlyContinue | Should -BeNullOrEmpty
        "$warnings" | Should -Be 'Nothing came through the pipeline: no backup was tested.'
        @() | Test-CryoBackup -Quiet -WarningAction SilentlyContinue | Should -BeExactly $false
    }

    It 'is Inconclusive where the manifest is missing, and says what to do' {
        $file = Copy-Backup $backup (Join-Path $TestDrive 'lonely')
        Remove-Item -LiteralPath "$file.meta.json"
        $result = Test-CryoBackup $file
        $result.Verdict, $result.IsValid | Should -Be 'Inconclusive', $false
        $result.Reason | Should -BeLike '*no manifest records what was written*'
        $result.Remedy | Should -BeLike '*meta.json*-Level Restore*'
        Test-CryoBackup $file -Quiet | Should -BeExactly $false
        $rehearsed = Test-CryoBackup $file -Level Restore
        $rehearsed.Verdict | Should -Be 'Passed'
        $rehearsed.Reason | Should -BeLike '*Nothing records what was written into the backup itself.'
    }

    It 'needs neither server nor PostgreSQL''s programs' {
        $lines = Invoke-FreshShell "
            Get-ChildItem env: | Where-Object Name -Like 'PG*' | ForEach-Object { Remove-Item -LiteralPath `"env:`$(`$_.Name)`" }
            `$env:PGHOST = '/nowhere'; `$env:PATH = ''
            Import-Module '$ModulePath'
            (Test-CryoBackup -LiteralPath '$($backup.Path)').Verdict"
        $lines | Should -Be 'Passed'
    }

    Context 'with -MaxAge on a folder' {
        BeforeAll {
            $folder = Join-Path $TestDrive 'fresh'
            $null = Copy-Backup $backup $folder
        }

        It 'gives one result a database, with the time of the last good backup' {
            $null = New-CryoBackup cryo_test -Path $folder
            $result = Test-CryoBackup $folder -MaxAge 26h
            $result.Database | Should -Be 'cryo_test'
            $result.Verdict | Should -Be 'Passed'
            $result.Reason | Should -BeLike "The last good backup of 'cryo_test' is of *"
            $result.Checks.Name | Should -Contain 'age'
            # Seconds, where everybody thinks of hours or days, would be a backup that is always too old.
            { Test-CryoBackup $folder -MaxAge 26 } | Should -Throw '*is not a length of time; write 90s, 30m*'
            $late = Test-CryoBackup $folder -MaxAge 00:00:00.001
            $late.Verdict | Should -Be 'Failed'
            $late.Reason | Should -BeLike "The last good backup of 'cryo_test' is of *ago; at most 0.001s is allowed."
            Test-CryoBackup -LiteralPath $folder -MaxAge 26h -Database cryo_test, cryo_none -Quiet | Should -Be $false, $true
        }

        It 'is Failed where there is none' {
            $empty = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'fresh and empty')
            (Test-CryoBackup $empty -MaxAge 26h).Reason | Should -BeLike '*holds no backup at all.'
            (Test-CryoBackup $empty -MaxAge 26h -Database app).Reason | Should -BeLike "*holds no backup of 'app'."
        }

        It 'judges each file by itself where files are given' {
            $result = Test-CryoBackup (Join-Path $folder '*.gz') -MaxAge 00:00:00.001
            $result.Reason | Should -BeLike 'The backup is too old: *'
            Get-CryoBackup $folder | Test-CryoBackup -MaxAge 26h -Quiet | Should -Not -Contain $false
        }
    }

    It 'with -Database tests of a folder the backups of some' {
        $folder = Split-Path -Path $backup.Path
        (Test-CryoBackup $folder -Database 'cryo_t*').Path | Should -Be $backup.Path
        $results = Test-CryoBackup $folder -Database cryo_test, other
        $results.Verdict | Should -Be 'Passed', 'Failed'
        $results[1].Reason | Should -BeLike "*holds no backup of 'other'."
        Test-CryoBackup $folder -Database other -Quiet | Should -BeExactly $false
        { Test-CryoBackup $backup.Path -Database cryo_test -ErrorAction Stop } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
    }

    It 'ends what takes longer than -Timeout, without a verdict' {
        $path = Join-Path $TestDrive 'app_20240806_053412_full.dump'
        $file = [System.IO.File]::Create($path)
        $file.SetLength(64GB) # a hole, which takes its time all the same
        $file.Dispose()
        $result = Test-CryoBackup $path -Level Hash -Timeout 1
        $result.Verdict | Should -Be 'Inconclusive'
        $result.Reason | Should -BeLike '*was ended because it took longer than 1s.'
        Remove-Item -LiteralPath $path
    }

    Context 'at level Restore' {
        It 'rehearses the restore and tells what came of it' {
            $result = Test-CryoBackup $backup.Path -Level Restore -MaxAge 26h -MaxRestoreTime ([timespan] '04:00:00') -Timeout 2h
            $result.Reason | Should -BeLike 'It came back on PostgreSQL *'
            $result.Verdict | Should -Be 'Passed'
            $result.RestoreDuration | Should -BeGreaterThan ([timespan]::Zero)
            ($result.Checks | Where-Object Name -In 'restore', 'restored_rows', 'schema', 'age', 'restore_time').Passed | Should -Be @($true, $true, $true, $true, $true)
        }

        It 'gives one bool each, several at once, and one failure never stops the others' {
            $folder = Join-Path $TestDrive 'rehearsed'
            $null = Copy-Backup $backup (Join-Path $folder 'good')
            $bad = Copy-Backup $backup (Join-Path $folder 'bad')
            Edit-OneByte $bad
            $answers = Get-ChildItem -Path $folder -Recurse -Filter *.gz | Sort-Object FullName | Test-CryoBackup -Level Restore -Quiet -ThrottleLimit 2
            $answers.Count | Should -Be 2
            @($answers | Where-Object { $_ }).Count | Should -Be 1
            Get-CryoBackup (Split-Path $backup.Path) | Test-CryoBackup -Level Restore -Quiet | Should -BeExactly $true
        }

        It 'refuses wishes that make no sense' {
            { Test-CryoBackup $backup.Path -Keep -ErrorAction Stop } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
            { Test-CryoBackup $backup.Path -Level Restore -Port 5432 -ErrorAction Stop } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
        }

        It 'leaves nothing when it is stopped' {
            $shell = [powershell]::Create()
            $null = $shell.AddScript('param($Module, $Path) Import-Module $Module; Test-CryoBackup $Path -Level Restore -Verbose').AddArgument((Get-Module CryoBackup).Path).AddArgument($backup.Path)
            $running = $shell.BeginInvoke()
            $patience = [System.Diagnostics.Stopwatch]::StartNew()
            while (-not ($shell.Streams.Verbose -match 'throwaway PostgreSQL') -and -not $running.IsCompleted -and $patience.Elapsed.TotalSeconds -lt 120) {
                Start-Sleep -Milliseconds 20
            }

            $said = "$($shell.Streams.Verbose)"
            $shell.Stop()
            $shell.Dispose()
            $said | Should -Match "runs in '(?<folder>[^']+)'"
            $null = $said -match "runs in '(?<folder>[^']+)'"
            Test-Path -LiteralPath $Matches.folder | Should -BeFalse
        }
    }
}
